import { describe, expect, it } from 'vitest'
import { emitTo, type OnEvent } from '../../src/core/events.js'
import { sourceWith } from '../support/source.js'
import { refuseUnhandled } from '../support/unhandled.js'

refuseUnhandled()

const fail = () => {
  throw new Error('a listener’s mistake')
}

/** What another library takes for a promise. */
const thenable = (then: (resolve: unknown, reject: (reason: unknown) => void) => void) =>
  Object.fromEntries([['then', then]])

describe('a listener must not break a call', () => {
  it.each<[string, (event?: unknown) => unknown]>([
    ['throws', fail],
    ['rejects', async () => fail()],
    [
      'gives a promise of another library that rejects',
      () => thenable((_, reject) => reject('no')),
    ],
    ['gives what only looks like a promise', () => thenable(fail)],
    ['gives a number', () => 7],
  ])('if it %s', async (_name, onEvent) => {
    const { source } = sourceWith('token', { onEvent: onEvent as OnEvent })
    expect(await source.get()).toBe('token')
  })

  it('and gets the event with its subject', () => {
    const events: unknown[] = []
    const subject = { kind: 'self-built', subject: 'app of corp ww-fake' }
    emitTo((event) => events.push(event), subject, { type: 'skipped', endpoint: 'user/get' })
    expect(events).toEqual([{ ...subject, type: 'skipped', endpoint: 'user/get' }])
  })
})
