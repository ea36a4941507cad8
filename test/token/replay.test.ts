import { expect, it } from 'vitest'
import type { Token } from '../../src/core/token.js'
import { untilSettled } from '../../src/core/wait.js'
import { type Replay, replayOnce } from '../../src/token/replay.js'
import type { TokenPolicy } from '../../src/token/token-policy.js'
import { policyOf } from '../../src/token/token-source.js'
import { sourceWith } from '../support/source.js'

const REFUSED = 42001
const OK = 0

/** A call that was refused with a real policy's first token; what is done is written down. */
async function refusedCall(answers: readonly number[], replay: Partial<Replay<number>> = {}) {
  const { source, types, events, clock, fetches } = sourceWith((count) => `token-${count}`)
  const policy: TokenPolicy = policyOf(source)
  const token: Token = await policy.getToken()
  const steps: string[] = []
  const left = [...answers]
  const run = () => {
    const call = { token, endpoint: 'user/get', errcode: REFUSED }
    return replayOnce<number>(
      policy,
      { call, answer: REFUSED },
      {
        wait: untilSettled,
        discard: (answer) => steps.push(`discard ${answer}`),
        send: async ({ value }) => {
          steps.push(`send ${value}`)
          return left.shift() ?? expect.fail('one send too many')
        },
        refusedBy: (errcode) => (errcode === OK ? undefined : errcode),
        ...replay,
      },
    )
  }
  return { run, steps, types, events, policy, clock, token, fetches }
}

it('rule 9: a replay discards the refused answer, then sends with the new token', async () => {
  const { run, steps, types } = await refusedCall([OK])
  expect(await run()).toBe(OK)
  expect(steps).toEqual(['discard 42001', 'send token-2'])
  expect(types()).toEqual(['fetched', 'refused', 'fetched', 'replayed'])
})

it('rule 9: a replay with a token that was fetched for it is the last: refused again it is the answer, and its endpoint cools down', async () => {
  const { run, steps, types } = await refusedCall([40014])
  expect(await run()).toBe(40014)
  expect(steps).toEqual(['discard 42001', 'send token-2'])
  expect(types().slice(-2)).toEqual(['replayed', 'endpoint_cooldown'])
})

it('rule 9: a replay with an adopted token that is refused is followed by a forced fetch and one more send', async () => {
  const { run, policy, token, steps, types, fetches } = await refusedCall([40014, OK])
  await policy.replaceRefused({ token, endpoint: 'user/list', errcode: REFUSED })
  expect(await run()).toBe(OK)
  expect(steps).toEqual(['discard 42001', 'send token-2', 'discard 40014', 'send token-3'])
  expect(fetches()).toBe(3)
  expect(types().slice(3)).toEqual([
    ...['refused', 'adopted', 'replayed'],
    ...['refused', 'fetched', 'replayed'],
  ])
})

it('rule 9: the answer of a second replay is the caller’s, and the endpoint cools down', async () => {
  const { run, policy, token, steps, types } = await refusedCall([40014, 40014])
  await policy.replaceRefused({ token, endpoint: 'user/list', errcode: REFUSED })
  expect(await run()).toBe(40014)
  expect(steps.filter((step) => step.startsWith('send'))).toHaveLength(2)
  expect(types().slice(-2)).toEqual(['replayed', 'endpoint_cooldown'])
})

it('rule 9: a replay with a token whose fetch was in flight when its call was refused counts as adopted', async () => {
  const { run, policy, token, steps, fetches } = await refusedCall([40014, OK])
  const first = policy.replaceRefused({ token, endpoint: 'user/list', errcode: REFUSED })
  while (fetches() < 2) await Promise.resolve()
  const answer = run()
  await first
  expect(await answer).toBe(OK)
  expect(steps.filter((step) => step.startsWith('send'))).toEqual(['send token-2', 'send token-3'])
})

it('rule 9: a replay with an adopted token starts no cooldown, and forces nothing at an endpoint that cools down', async () => {
  const { run, policy, token, steps, events, fetches } = await refusedCall([40014])
  await policy.replaceRefused({ token, endpoint: 'user/list', errcode: REFUSED })
  policy.coolDown('user/get')
  const before = events.length
  expect(await run()).toBe(40014)
  expect(steps).toEqual(['discard 42001', 'send token-2'])
  expect(fetches()).toBe(2)
  expect(events.slice(before).map(({ type }) => type)).toEqual([
    ...['refused', 'adopted', 'replayed'],
    ...['refused', 'not_replayed'],
  ])
  // Other endpoints are not affected.
  expect(policy.cached()?.value).toBe('token-2')
})

it('rule 9: a replay does not clear a newer token because of an old one', async () => {
  const given = await refusedCall([40014, OK], {
    send: async ({ value }) => {
      if (value !== 'token-2') return OK
      // Meanwhile another call has replaced it.
      const token = given.policy.cached()
      if (token?.value === 'token-2')
        await given.policy.replaceRefused({ token, endpoint: 'user/list', errcode: REFUSED })
      return 40014
    },
  })
  await given.policy.replaceRefused({
    token: given.token,
    endpoint: 'user/list',
    errcode: REFUSED,
  })
  expect(await given.run()).toBe(OK)
  expect(given.policy.cached()?.value).toBe('token-3')
  expect(given.fetches()).toBe(3)
})

it('rule 9: a replay that is refused with the last token, which was not fetched for it, clears that token for the next call', async () => {
  const given = await refusedCall([], {
    // Before each answer another call has replaced the token again.
    send: async () => {
      const token = given.policy.cached()
      if (token && token.generation < 4)
        await given.policy.replaceRefused({ token, endpoint: 'user/list', errcode: REFUSED })
      return 40014
    },
  })
  await given.policy.replaceRefused({
    token: given.token,
    endpoint: 'user/list',
    errcode: REFUSED,
  })
  expect(await given.run()).toBe(40014)
  expect(given.types()).not.toContain('endpoint_cooldown')
  expect(given.policy.cached()?.value).toBe('token-4')
})

it('request rule 6: there is no replay without a replacement, and the refused answer is kept', async () => {
  const { run, steps } = await refusedCall([], { wait: async () => undefined })
  expect(await run()).toBe(REFUSED)
  expect(steps).toEqual([])
})

it('rule 9: a replay whose wait is aborted discards the refused answer, and emits an event', async () => {
  const reason = new Error('enough')
  const { run, steps, events } = await refusedCall([], { wait: () => Promise.reject(reason) })
  await expect(run()).rejects.toBe(reason)
  expect(steps).toEqual(['discard 42001'])
  expect(events.find(({ type }) => type === 'not_replayed')).toEqual({
    kind: 'self-built',
    subject: 'app of corp ww-fake',
    type: 'not_replayed',
    endpoint: 'user/get',
    reason: 'aborted',
  })
})

it.each([
  ['for a replacement', {}],
  ['in vain', { wait: () => Promise.reject(new Error('enough')) }],
])('rule 9: a replay works without a discard function, waiting %s', async (_name, replay) => {
  const { run } = await refusedCall([OK], { ...replay, discard: undefined as never })
  await run().catch(({ message }) => expect(message).toBe('enough'))
})
