import { withToken } from '../../src/fetch.js'
import {
  createTokenSource,
  memoryStore,
  type OnEvent,
  selfBuilt,
  type TokenEvent,
} from '../../src/index.js'
import { callLimits } from '../../src/limits.js'
import { fakeClock } from '../../src/testing.js'
import { APP } from './qyapi.js'
import type { useServers } from './servers.js'
import { deferred } from './source.js'

const REFUSED = { errcode: 42001 }

/** Lives through everything that has an event, with real requests to a fake WeCom. Resolves with the types. */
export async function everyEvent(
  servers: ReturnType<typeof useServers>,
  onEvent: OnEvent,
): Promise<Set<TokenEvent['type']>> {
  const types = new Set<TokenEvent['type']>()
  const clock = fakeClock()
  const { wecom, baseUrl } = await servers.fake({ now: () => clock.wall() })
  const store = memoryStore({ clock })
  const refreshed = deferred<void>()
  const listener: OnEvent = (event) => {
    types.add(event.type)
    if (event.type === 'refreshed') refreshed.resolve()
    onEvent(event)
  }
  const options = { baseUrl, clock, onEvent: listener }
  const url = `${baseUrl}/cgi-bin/user/get`
  const first = withToken(fetch, APP, { ...options, store })
  const second = withToken(fetch, APP, { ...options, store })

  await (await first(url)).text() // fetched
  await (await second(url)).text() // nothing: the store has it
  wecom.revoke()
  await (await first(url)).text() // refused, fetched, replayed
  await (await second(url)).text() // refused, adopted, replayed
  wecom.failNext('user/get', REFUSED, 2)
  await (await first(url)).text() // endpoint_cooldown
  const stream = { method: 'POST', body: new Blob(['{}']).stream(), duplex: 'half' } as const
  wecom.failNext('message/send', REFUSED)
  await (await first(`${baseUrl}/cgi-bin/message/send`, stream)).text() // not_replayed
  await (await first(`${url}?access_token=theirs`)).text() // skipped
  await (await first(url)).text() // fetched
  clock.advance(6_900_000)
  await (await first(url)).text()
  await refreshed.promise

  wecom.on('checkin/getcheckindata', { json: { errcode: 0 } })
  const limits = callLimits({ clock, table: { checkinData: { minute: 1 } }, onLimit: 'fail' })
  const limited = withToken(fetch, APP, { ...options, store, limits })
  const checkin = `${baseUrl}/cgi-bin/checkin/getcheckindata`
  await (await limited(checkin)).text()
  await limited(checkin).catch(() => {}) // limited

  const wrong = withToken(fetch, { ...APP, corpSecret: 'wrong' }, options)
  await wrong(url).catch(() => {}) // failed
  const refuse = () => Promise.reject(new Error('READONLY'))
  const broken = { get: refuse, set: refuse, delete: refuse }
  await createTokenSource(selfBuilt(APP), { ...options, store: broken }).get() // store_error
  return types
}
