import { describe, expect, it } from 'vitest'
import type { Lender, RefusedCall } from '../../src/core/lender.js'
import { type Replay, replayOnce } from '../../src/core/replay.js'
import type { Token } from '../../src/core/token.js'
import { lenderOf } from '../../src/core/token-source.js'
import { sourceWith } from '../support/source.js'

/** A call that was refused with a real lender's first token; what is done is written down. */
async function refusedCall(replay: Partial<Replay<number>> = {}) {
  const { source, types, events, clock } = sourceWith((count) => `token-${count}`)
  const lender: Lender = lenderOf(source)
  const token: Token = await lender.lend()
  const refused: RefusedCall = { token, endpoint: 'user/get', errcode: 42001 }
  const steps: string[] = []
  const replayed = replayOnce<number>(lender, refused, {
    wait: (replacement) => replacement,
    discard: () => steps.push('discard'),
    send: async ({ value }) => {
      steps.push(`send ${value}`)
      return 0
    },
    refusedBy: (errcode) => (errcode === 0 ? undefined : errcode),
    ...replay,
  })
  return { replayed, steps, types, events, lender, clock, token }
}

const waited = (replacement: Promise<Token | undefined>) => replacement

describe('a replay', () => {
  it('lets go of the refused answer, then sends with the new token', async () => {
    const { replayed, steps, types } = await refusedCall()
    expect(await replayed).toEqual({ answer: 0 })
    expect(steps).toEqual(['discard', 'send token-2'])
    expect(types()).toEqual(['fetched', 'refused', 'fetched', 'replayed'])
  })

  it('that is refused too is the answer, and its endpoint rests', async () => {
    const { replayed, types } = await refusedCall({ send: async () => 42001 })
    expect(await replayed).toEqual({ answer: 42001 })
    expect(types().slice(-2)).toEqual(['replayed', 'rested'])
  })

  it('rests no endpoint if its token was an old one: that is thrown away for the next call', async () => {
    const { replayed, lender, clock, token, types } = await refusedCall()
    await replayed
    clock.advance(10_001)
    const refused = { token, endpoint: 'user/list', errcode: 42001 }
    const straggler = { wait: waited, send: async () => 40014, refusedBy: (code: number) => code }
    expect(await replayOnce<number>(lender, refused, straggler)).toEqual({ answer: 40014 })
    expect(types().slice(-4)).toEqual(['refused', 'adopted', 'replayed', 'refused'])
    expect((await lender.lend()).value).toBe('token-3')
    // From then on it is as ever.
    const again = { ...refused, token: await lender.lend() }
    await replayOnce<number>(lender, again, straggler)
    expect(types().slice(-4)).toEqual(['refused', 'fetched', 'replayed', 'rested'])
  })

  it('throws no newer token away for an old one', async () => {
    const { replayed, lender, clock, token } = await refusedCall()
    await replayed
    clock.advance(10_001)
    const second = await lender.lend()
    const refused = { token, endpoint: 'user/list', errcode: 42001 }
    await replayOnce<number>(lender, refused, {
      wait: waited,
      // Meanwhile somebody else has had it replaced.
      send: async () => {
        await lender.replace({ token: second, endpoint: 'user/get', errcode: 42001 })
        return 42001
      },
      refusedBy: (code) => code,
    })
    expect(lender.hit()?.value).toBe('token-3')
  })

  it('without a replacement is none, and the refused answer is kept', async () => {
    const { replayed, steps } = await refusedCall({ wait: async () => undefined })
    expect(await replayed).toBeUndefined()
    expect(steps).toEqual([])
  })

  it('that is not waited for lets go of the refused answer, and says so', async () => {
    const reason = new Error('enough')
    const { replayed, steps, events } = await refusedCall({ wait: () => Promise.reject(reason) })
    await expect(replayed).rejects.toBe(reason)
    expect(steps).toEqual(['discard'])
    expect(events.find(({ type }) => type === 'not_replayed')).toEqual({
      kind: 'self-built',
      subject: 'app of corp ww-fake',
      type: 'not_replayed',
      endpoint: 'user/get',
      reason: 'gave_up_waiting',
    })
  })

  it.each([
    ['for a replacement', { discard: undefined }],
    ['in vain', { discard: undefined, wait: () => Promise.reject(new Error('enough')) }],
  ])('need not let go of anything, waiting %s', async (_name, replay) => {
    const { replayed } = await refusedCall(replay as Partial<Replay<number>>)
    await replayed.catch(({ message }) => expect(message).toBe('enough'))
  })
})
