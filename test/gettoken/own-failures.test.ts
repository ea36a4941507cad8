import { expect, it } from 'vitest'
import {
  authorizedCorp,
  createTokenSource,
  memoryStore,
  suiteApp,
  type TokenStore,
  type Transport,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { settle } from '../support/qyapi.js'

const SUITE = { suiteId: 'ww-suite', suiteSecret: 'suite-secret' }
const CORP = { authCorpId: 'ww-corp', permanentCode: 'code' }

/** Processes with a suite and a corp of its, over one store; `wecom` answers the suite's requests. */
function processes(count: number, wecom: () => string, suiteTicket?: string) {
  const clock = fakeClock()
  const store = memoryStore({ clock })
  /** Where a failure was kept. */
  const keys: string[] = []
  const lease = store.lease as NonNullable<TokenStore['lease']>
  const release: typeof lease.release = (key, left) => {
    if (left.failure !== undefined) keys.push(key)
    return lease.release(key, left)
  }
  let suiteRequests = 0
  const transport: Transport = async ({ url }) => {
    if (url.includes('get_corp_token'))
      return { status: 200, body: '{"access_token":"corp-token","expires_in":7200}' }
    suiteRequests += 1
    return { status: 200, body: wecom() }
  }
  const options = { clock, store: { ...store, lease: { ...lease, release } }, transport }
  const all = Array.from({ length: count }, () => {
    const ticket = suiteTicket === undefined ? {} : { suiteTicket }
    const suite = createTokenSource(suiteApp({ ...SUITE, ...ticket }), options)
    const corp = createTokenSource(authorizedCorp({ suite, ...CORP }), options)
    return { suite, corp }
  })
  /** Waits for what is there at the next look into the store. */
  const settled = async <T>(promise: Promise<T>) => {
    const outcome = promise.catch((error) => error)
    for (let step = 0; step < 10; step += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      await settle()
      clock.advance(50)
    }
    return outcome
  }
  const [first, second] = all as [(typeof all)[number], (typeof all)[number]]
  return { first, second, clock, keys, settled, suiteRequests: () => suiteRequests }
}

const GOOD = '{"suite_access_token":"suite-token","expires_in":7200}'

it('rule 19: a suite’s refused secret is not stored as the failure of its corps', async () => {
  let answer = '{"errcode":40001}'
  const { first, second, clock, keys, settled } = processes(2, () => answer, 'ticket')
  expect(await settled(first.corp.get())).toMatchObject({ code: 'credential_refused' })
  expect(keys).toEqual([expect.stringContaining(':suite-app:')])
  answer = GOOD
  clock.advance(61_000)
  // The suite has recovered, and so have its corps, in every process.
  expect(await settled(second.corp.get())).toBe('corp-token')
  expect(await settled(first.corp.get())).toBe('corp-token')
})

it('rule 19: a process that lacks a ticket reads the store before it fails again', async () => {
  const { first, second, settled, suiteRequests } = processes(2, () => GOOD)
  for (const source of [first.corp, first.suite])
    expect(await settled(source.get())).toMatchObject({ code: 'token_fetch_failed' })
  expect(await settled(first.corp.get())).toMatchObject({
    message: expect.stringContaining('there is no suite_ticket yet'),
  })
  expect(suiteRequests()).toBe(0)
  await settled(second.suite.pushTicket('pushed to the other process'))
  expect(await settled(first.corp.get())).toBe('corp-token')
  expect(suiteRequests()).toBe(1)
})

it('rule 19: a process that lacks a ticket does not look for a ticket if the secret failed', async () => {
  const { first, second, settled, suiteRequests } = processes(2, () => '{"errcode":40001}', 'old')
  expect(await settled(first.suite.get())).toMatchObject({ code: 'credential_refused' })
  await settled(second.suite.pushTicket('pushed'))
  expect(await settled(first.suite.get())).toMatchObject({ code: 'credential_refused' })
  expect(suiteRequests()).toBe(1)
})
