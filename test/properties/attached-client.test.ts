import { inspect } from 'node:util'
import axios, { type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import fc from 'fast-check'
import { it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import {
  createTokenSource,
  isQyapiTokenError,
  selfBuilt,
  type TokenSource,
  type Transport,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { expectToHold, HISTORIES } from './histories.js'

/** What may happen to a client, in any order. Numbers pick among what is there. */
type Step =
  | { do: 'attach' }
  | { do: 'detach'; pick: number }
  | { do: 'call'; body: unknown }
  | { do: 'answer call'; pick: number; errcode: number }
  | { do: 'break call'; pick: number }
  | { do: 'answer fetch'; isGood: boolean }
  | { do: 'abort'; pick: number }
  | { do: 'pass'; ms: number }
  | { do: 'hurry'; turns: number }

const pick = fc.nat({ max: 20 })
const doing = <D extends Step['do'], M>(what: D, more: fc.Arbitrary<M>) =>
  more.map((given) => ({ do: what, ...given }))

const step = fc.oneof(
  { weight: 8, arbitrary: doing('attach', fc.constant({})) },
  { weight: 8, arbitrary: doing('detach', fc.record({ pick })) },
  {
    weight: 30,
    arbitrary: doing('call', fc.record({ body: fc.constantFrom(undefined, 'text', { a: 1 }) })),
  },
  {
    weight: 40,
    arbitrary: doing(
      'answer call',
      fc.record({ pick, errcode: fc.constantFrom(0, 0, 42001, 40014, 60111) }),
    ),
  },
  { weight: 5, arbitrary: doing('break call', fc.record({ pick })) },
  {
    weight: 30,
    arbitrary: doing('answer fetch', fc.record({ isGood: fc.constantFrom(true, true, false) })),
  },
  { weight: 5, arbitrary: doing('abort', fc.record({ pick })) },
  {
    weight: 5,
    arbitrary: doing(
      'pass',
      fc.record({ ms: fc.constantFrom(1_000, 61_000, 6_800_000, 7_300_000) }),
    ),
  },
  { weight: 20, arbitrary: doing('hurry', fc.record({ turns: fc.nat({ max: 20 }) })) },
) as fc.Arbitrary<Step>

const SECRET = 'planted-secret-5d2e'
const API = 'https://qyapi.weixin.qq.com/cgi-bin'

/** A call that the adapter has, with what the adapter was given. */
interface OpenCall {
  readonly token: string | undefined
  /** What it was answered with. */
  errcode: number | undefined
  answer(errcode: number): void
  fail(): void
}

/** Runs a history against one client, and watches over it. `isShared`: all attaches share one source. */
async function play(steps: readonly Step[], isShared: boolean) {
  const clock = fakeClock()
  const violations: string[] = []
  const openCalls: OpenCall[] = []
  const openFetches: { settle(isGood: boolean): void }[] = []
  const aborts: AbortController[] = []
  const attached: { detach(): void; readonly source: TokenSource }[] = []
  const settled: Promise<unknown>[] = []
  const printed: unknown[] = []
  let strings = 0
  let turnsBetween: number | undefined

  /** One for each source: it never asks twice at once, and never after it was closed. */
  const transportOf = (): Transport => {
    let isBusy = false
    return (_request, { signal }) =>
      new Promise((resolve, reject) => {
        if (isBusy) violations.push('two fetches at once')
        if (signal.aborted) violations.push('a fetch after close')
        isBusy = true
        const over = () => {
          isBusy = false
          openFetches.splice(openFetches.indexOf(fetch), 1)
        }
        const fetch = {
          settle(isGood: boolean) {
            over()
            strings += 1
            const answer = { errcode: 0, access_token: `planted-${strings}`, expires_in: 7200 }
            resolve({ status: 200, body: isGood ? JSON.stringify(answer) : '{"errcode":60020}' })
          },
        }
        openFetches.push(fetch)
        signal.addEventListener('abort', () => {
          over()
          reject(signal.reason)
        })
      })
  }
  const credential = { corpId: 'ww1', corpSecret: SECRET }
  const shared = createTokenSource(selfBuilt(credential), { clock, transport: transportOf() })

  const adapter = (config: InternalAxiosRequestConfig) =>
    new Promise<AxiosResponse>((resolve, reject) => {
      const tokens = [...new URL(axios.getUri(config)).searchParams.getAll('access_token')]
      if (tokens.length > 1) violations.push(`${tokens.length} tokens in one url`)
      if (typeof config.data === 'object') violations.push('a body that was not transformed')
      openCalls.push({
        token: tokens[0],
        errcode: undefined,
        answer(errcode) {
          this.errcode = errcode
          resolve({
            data: JSON.stringify({ errcode }),
            status: 200,
            statusText: 'OK',
            headers: {},
            config,
          })
        },
        fail: () => reject(new axios.AxiosError('reset', 'ECONNRESET', config)),
      })
    })
  const client = axios.create({ baseURL: API, adapter })

  function startCall(data: unknown) {
    const controller = new AbortController()
    aborts.push(controller)
    const wasAttached = attached.length > 0
    let sendings = 0
    let last: OpenCall | undefined
    const seen = new Set<string>()
    const own = (config: InternalAxiosRequestConfig) => {
      const before = openCalls.length
      const answer = adapter(config)
      const call = openCalls[before] as OpenCall
      last = call
      sendings += 1
      if (sendings > 2) violations.push('sent three times')
      if (wasAttached !== (call.token !== undefined))
        violations.push(wasAttached ? 'sent without a token' : 'a token after detach')
      if (call.token !== undefined && seen.has(call.token))
        violations.push('replayed with the same')
      if (call.token !== undefined) seen.add(call.token)
      return answer
    }
    const given = { method: 'post', url: '/message/send', data, signal: controller.signal }
    const outcome = client.request({ ...given, adapter: own }).then(
      (response) => {
        const { config, data } = response
        if (data.errcode !== last?.errcode) violations.push('another answer than the last one')
        if (config.adapter !== own) violations.push('an adapter that is not the caller’s')
        if (config.url !== given.url || config.params !== undefined)
          violations.push('another config')
        printed.push(response)
      },
      (error) => {
        const isExpected =
          (wasAttached && isQyapiTokenError(error)) ||
          (axios.isCancel(error) && controller.signal.aborted) ||
          error.code === 'ECONNRESET'
        if (!isExpected) violations.push(`an error of no caller: ${error}`)
        if (error.config?.adapter !== undefined && error.config.adapter !== own)
          violations.push('an error with an adapter that is not the caller’s')
        printed.push(error)
      },
    )
    settled.push(outcome)
  }

  const act = {
    attach: () => {
      const entry = isShared
        ? attachToken(client, shared)
        : attachToken(client, credential, { clock, transport: transportOf() })
      attached.push(entry)
    },
    detach: ({ pick: index }: { pick: number }) => {
      const [entry] = attached.splice(index % Math.max(1, attached.length), 1)
      entry?.detach()
      const isClosed = entry?.source.describe().state === 'closed'
      if (entry !== undefined && isClosed === isShared)
        violations.push('a source left open, or closed')
    },
    call: ({ body }: { body: unknown }) => startCall(body),
    'answer call': ({ pick: index, errcode }: { pick: number; errcode: number }) =>
      openCalls.splice(index % Math.max(1, openCalls.length), 1)[0]?.answer(errcode),
    'break call': ({ pick: index }: { pick: number }) =>
      openCalls.splice(index % Math.max(1, openCalls.length), 1)[0]?.fail(),
    'answer fetch': ({ isGood }: { isGood: boolean }) => openFetches[0]?.settle(isGood),
    abort: ({ pick: index }: { pick: number }) =>
      aborts[index % Math.max(1, aborts.length)]?.abort(),
    pass: ({ ms }: { ms: number }) => clock.advance(ms),
    hurry: ({ turns }: { turns: number }) => {
      turnsBetween = turns
    },
  }

  for (const next of steps) {
    // In a hurry the next step comes before the last one has settled; time does not pass meanwhile.
    const turns = turnsBetween
    turnsBetween = undefined
    if (next.do === 'pass') await turn()
    ;(act[next.do] as (given: Step) => unknown)(next)
    for (let done = 0; done < (turns ?? 0); done += 1) await Promise.resolve()
    if (turns === undefined) await turn()
  }
  await turn()
  // Then the server answers everything, and every caller must be served.
  for (let round = 0; round < 40 && openCalls.length + openFetches.length > 0; round += 1) {
    for (const fetch of openFetches.slice()) fetch.settle(true)
    for (const call of openCalls.splice(0)) call.answer(0)
    await turn()
  }
  const isEveryoneServed = await Promise.race([
    Promise.all(settled).then(() => true),
    turn(3).then(() => false),
  ])
  if (!isEveryoneServed) violations.push('a caller never settled')
  for (const { detach } of attached.splice(0)) detach()
  const late = client.get('/user/get').catch(() => {})
  await turn()
  if (openCalls.at(-1)?.token !== undefined) violations.push('a token on a client without us')
  openCalls.at(-1)?.answer(0)
  await late
  const text = inspect(printed, { depth: 10 })
  if (text.includes('planted-')) violations.push(`printed: ${/.{40}planted-.{20}/.exec(text)?.[0]}`)
  return violations
}

/** Lets everything settle that can. */
async function turn(count = 1) {
  for (let done = 0; done < count; done += 1) await new Promise((resolve) => setImmediate(resolve))
}

it.each([
  ['sources of their own', false],
  ['one source', true],
])(`${HISTORIES} of attaches and detaches hold, with %s`, (_name, isShared) =>
  expectToHold(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => play(steps, isShared)),
)
