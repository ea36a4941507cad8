import { expect, it } from 'vitest'
import { sharedDeadline } from '../../src/core/wait.js'
import { fakeClock } from '../../src/testing.js'
import { settle } from '../support/qyapi.js'

const forEver = () => new Promise<never>(() => {})

function deadlineOf(timeoutMs: number) {
  const clock = fakeClock()
  const closed = new AbortController()
  return { clock, closed, within: sharedDeadline({ clock, timeoutMs }, closed.signal) }
}

it('rule 11: a deadline of several waits returns a result in time', async () => {
  const { within } = deadlineOf(100)
  expect(await within(async () => 'answer')).toBe('answer')
})

it('rule 11: a deadline of several waits is shortened by each wait, but not by the time in between', async () => {
  const { clock, within } = deadlineOf(100)
  await within(async () => clock.advance(70))
  clock.advance(5_000)
  let hasFailed = false
  const late = within(forEver).catch((error) => {
    hasFailed = true
    return error
  })
  clock.advance(29)
  await settle()
  expect(hasFailed).toBe(false)
  clock.advance(1)
  expect(await late).toMatchObject({ message: 'no answer within 100 ms' })
})

it('rule 11: a deadline of several waits is used up after a wait that took it all', async () => {
  const { clock, within } = deadlineOf(100)
  await within(async () => clock.advance(99))
  await within(async () => clock.advance(70)).catch(() => {})
  const late = within(forEver, 'suite_ticket')
  clock.advance(0)
  await expect(late).rejects.toThrow('no suite_ticket within 100 ms')
})

it('rule 11: a deadline of several waits aborts the signal, and does not wait for a function that ignores it', async () => {
  const { clock, within } = deadlineOf(100)
  let given: AbortSignal | undefined
  const late = within((signal) => {
    given = signal
    return forEver()
  })
  clock.advance(100)
  await expect(late).rejects.toThrow('no answer within 100 ms')
  expect(given?.aborted).toBe(true)
})

it('rule 11: a deadline of several waits ends at once when its owner is closed, and then starts nothing', async () => {
  const { closed, within } = deadlineOf(100)
  const waiting = within(forEver)
  closed.abort(new Error('closed'))
  await expect(waiting).rejects.toThrow('closed')
  let runs = 0
  const after = within(async () => {
    runs += 1
  })
  await expect(after).rejects.toThrow('closed')
  expect(runs).toBe(0)
})

it('rule 11: a deadline of several waits leaves no timer behind', async () => {
  const clock = fakeClock()
  let timers = 0
  const counting = {
    ...clock,
    after(delayMs: number, callback: () => void) {
      timers += 1
      const cancel = clock.after(delayMs, callback)
      return () => {
        timers -= 1
        cancel()
      }
    },
  }
  const within = sharedDeadline({ clock: counting, timeoutMs: 100 }, new AbortController().signal)
  await within(async () => 'answer')
  await within(() => Promise.reject(new Error('down'))).catch(() => {})
  expect(timers).toBe(0)
})
