import axios from 'axios'
import { expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import {
  authorizedCorp,
  createSourcePool,
  createTokenSource,
  downstreamCorp,
  isQyapiTokenError,
  jsapiTicket,
  memoryStore,
  remoteToken,
  selfBuilt,
  signJsapi,
  suiteApp,
  wrapSdk,
} from '../../src/index.js'
import { keyvStore } from '../../src/stores/keyv.js'
import { redisStore } from '../../src/stores/redis.js'
import { APP } from '../support/qyapi.js'
import { sourceWith } from '../support/source.js'
import { watchUnhandled } from '../support/unhandled.js'

const never = (value: unknown) => value as never

const PLANTED = 'planted-0123456789'
const URL_OF_STORE = `redis://:${PLANTED}@host`
const ADDRESS = `https://qyapi.weixin.qq.com/?access_token=${PLANTED}`
const source = createTokenSource(selfBuilt(APP))
const suite = createTokenSource(
  suiteApp({ suiteId: 'ww-s', suiteSecret: 's', suiteTicket: () => 't' }),
)
const ofSource = (options: object) => createTokenSource(selfBuilt(APP), never(options))

it.each<[string, () => unknown]>([
  ['the short form', () => selfBuilt(never(PLANTED))],
  ['a list', () => selfBuilt(never([PLANTED]))],
  ['a key', () => selfBuilt(never({ ...APP, [`${PLANTED}/${PLANTED}`]: 1 }))],
  ['tokens of axios', () => attachToken(axios.create(), never(PLANTED))],
  ['tokens of fetch', () => withToken(fetch, never(PLANTED))],
  ['tokens in an array', () => withToken(fetch, never([PLANTED]))],
  ['the client', () => attachToken(never(PLANTED), APP)],
  ['fetch', () => withToken(never(PLANTED), APP)],
  ['options', () => ofSource(never(PLANTED))],
  ['a store’s address', () => ofSource({ store: URL_OF_STORE })],
  ['baseUrl with a user', () => ofSource({ baseUrl: `https://u:${PLANTED}@host` })],
  ['baseUrl with a query', () => ofSource({ baseUrl: ADDRESS })],
  ['maxAgeMs', () => ofSource({ maxAgeMs: PLANTED })],
  ['transport', () => ofSource({ transport: PLANTED })],
  ['onEvent', () => ofSource({ onEvent: PLANTED })],
  ['trustedOrigins', () => withToken(fetch, APP, never({ trustedOrigins: ADDRESS }))],
  ['callerToken', () => withToken(fetch, APP, never({ callerToken: PLANTED }))],
  ['endpoints', () => withToken(fetch, APP, never({ endpoints: PLANTED }))],
  [
    'a client’s baseURL',
    () => attachToken(axios.create({ baseURL: `/x?access_token=${PLANTED}` }), APP),
  ],
  [
    'a client’s absolute baseURL',
    () =>
      attachToken(axios.create({ baseURL: `https://u:${PLANTED}@x.example/?t=${PLANTED}` }), APP),
  ],
  ['createTokenSource', () => createTokenSource(never(PLANTED))],
  ['replaceCredential', () => source.replaceCredential(never(PLANTED))],
  ['invalidate', () => source.invalidate(never([PLANTED]))],
  ['run', () => source.run(never(PLANTED))],
  ['the endpoint of run', () => source.run(() => 1, never({ endpoint: [PLANTED] }))],
  ['pushTicket of a source without one', () => source.pushTicket(PLANTED)],
  ['timeStamp', () => suite.pushTicket('1700000000', never({ timeStamp: PLANTED }))],
  ['suite', () => authorizedCorp(never({ suite: PLANTED, authCorpId: 'a', permanentCode: 'p' }))],
  ['upstream', () => downstreamCorp(never({ upstream: PLANTED, corpId: 'a', agentId: 1 }))],
  ['agentId', () => downstreamCorp(never({ upstream: source, corpId: 'a', agentId: PLANTED }))],
  [
    'businessType',
    () =>
      downstreamCorp(never({ upstream: source, corpId: 'a', agentId: 1, businessType: PLANTED })),
  ],
  ['app', () => jsapiTicket(never(PLANTED))],
  ['get of remote', () => remoteToken(never({ name: 'n', get: PLANTED, refused: () => {} }))],
  [
    'serves of remote',
    () => remoteToken(never({ name: 'n', get: () => {}, refused: () => {}, tokenKind: PLANTED })),
  ],
  [
    'suiteTicket',
    () => suiteApp(never({ suiteId: 's', suiteSecret: 's', suiteTicket: [PLANTED] })),
  ],
  ['sdk', () => wrapSdk(never(PLANTED), source)],
  ['the source of an sdk', () => wrapSdk({}, never(PLANTED))],
  ['the client of redisStore', () => redisStore(never(URL_OF_STORE))],
  ['the prefix of redisStore', () => redisStore(async () => null, { prefix: `{${PLANTED}}` })],
  ['encryptionKey', () => redisStore(async () => null, { encryptionKey: PLANTED })],
  ['keyv', () => keyvStore(never(URL_OF_STORE))],
  ['the options of keyvStore', () => keyvStore(never(new Map()), never(PLANTED))],
  ['the options of memoryStore', () => memoryStore(never(PLANTED))],
  ['credentialOf', () => createSourcePool(never(PLANTED))],
  ['maxTenants', () => createSourcePool(() => undefined, never({ maxTenants: PLANTED }))],
  ['what credentialOf gives', () => createSourcePool(() => never(PLANTED)).get('tenant')],
  ['the url of signJsapi', () => signJsapi(never({ ticket: 't', url: [PLANTED] }))],
  ['the ticket of signJsapi', () => signJsapi(never({ ticket: [PLANTED], url: 'u' }))],
  ['the nonce of signJsapi', () => signJsapi(never({ ticket: 't', url: 'u', nonce: [PLANTED] }))],
  [
    'the timestamp of signJsapi',
    () => signJsapi(never({ ticket: 't', url: 'u', timestamp: PLANTED })),
  ],
])(
  'request rule 9: an error does not show what was passed in the wrong place: %s',
  async (_name, call) => {
    const error = await (async () => call())().then(
      () => undefined,
      (failed) => failed,
    )
    expect(isQyapiTokenError(error)).toBe(true)
    expect(error).toMatchObject({ code: 'bad_options' })
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain('planted')
  },
)

const failing = () => sourceWith(new Error('gettoken is down')).source
const client = (more: object) => {
  const own = axios.create({ baseURL: 'https://qyapi.weixin.qq.com/cgi-bin' })
  attachToken(own, failing())
  return own.get('/user/get', never(more))
}
const URL_OF_CALL = 'https://qyapi.weixin.qq.com/cgi-bin/user/get'
it.each<[string, () => Promise<unknown>]>([
  [
    'the wrapped fetch with a signal that is none',
    () => withToken(fetch, failing())(URL_OF_CALL, never({ signal: {} })),
  ],
  ['axios with a signal that is none', () => client({ signal: {} })],
  ['axios with a cancelToken that is none', () => client({ cancelToken: {} })],
  ['axios with a timeout and such a cancelToken', () => client({ cancelToken: {}, timeout: 9 })],
  ['get with a signal that is none', () => failing().get(never({ signal: {} }))],
  ['run with a signal that is none', () => failing().run(async () => ({}), never({ signal: {} }))],
])(
  'a caller’s bad argument while gettoken fails: %s rejects, and leaves no rejection unhandled',
  async (_name, call) => {
    const watch = watchUnhandled()
    await expect(call()).rejects.toThrow()
    expect(await watch.stop()).toEqual([])
  },
)
