import { expect, it } from 'vitest'
import {
  agentTicket,
  authorizedCorp,
  type Credential,
  createTokenSource,
  downstreamCorp,
  hardwareDevice,
  hardwareModel,
  jsapiTicket,
  type QyapiTokenError,
  selfBuilt,
  serviceProvider,
  suiteApp,
  type TokenSource,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { appSource, modelSource, suiteSource } from '../support/upstream.js'

const SECRET = 'planted-secret'
const suite = suiteSource()
const corp = authorizedCorp({ suite, authCorpId: 'ww-customer', permanentCode: SECRET })
/** The source of a third-party app's token in a corp. */
const corpSource = createTokenSource(corp, {
  transport: async () => ({ status: 200, body: '{"access_token":"t","expires_in":7200}' }),
})

const CREDENTIALS = {
  selfBuilt: () => selfBuilt({ corpId: 'ww1', corpSecret: SECRET }),
  serviceProvider: () => serviceProvider({ corpId: 'ww1', providerSecret: SECRET }),
  suiteApp: () => suiteApp({ suiteId: 's1', suiteSecret: SECRET, suiteTicket: 'ticket' }),
  authorizedCorp: () => corp,
  downstreamCorp: () => downstreamCorp({ upstream: appSource(), corpId: 'ww2', agentId: 1 }),
  hardwareModel: () => hardwareModel({ modelId: 'm1', modelSecret: SECRET }),
  hardwareDevice: () =>
    hardwareDevice({ model: modelSource(), deviceSn: 'sn1', deviceSecret: SECRET }),
  jsapiTicket: () => jsapiTicket(appSource()),
  agentTicket: () => agentTicket(appSource()),
} satisfies Record<string, () => Credential>
type Kind = keyof typeof CREDENTIALS
const KINDS = Object.keys(CREDENTIALS) as Kind[]

const answer = (errcode: number, errmsg = 'no') => JSON.stringify({ errcode, errmsg })

function sourceOf(credential: Credential, body: string): TokenSource {
  const transport = async () => ({ status: 200, body })
  const source = createTokenSource(credential, { clock: fakeClock(), transport })
  if (credential.kind === 'hardware-model') void source.pushTicket('ticket')
  return source
}

const failureOf = (credential: Credential, body: string): Promise<QyapiTokenError> =>
  sourceOf(credential, body)
    .get()
    .then(
      () => expect.fail('nothing failed'),
      (error) => error,
    )

it.each(KINDS)(
  'errcode 40001 for %s explains what may be wrong, and how secrets are copied wrongly',
  async (kind) => {
    const { message, code } = await failureOf(CREDENTIALS[kind](), answer(40001))
    expect(code).toBe('credential_refused')
    expect(message).toMatch(/without blanks, line breaks or quotes/)
    expect(message).toMatch(/the secret is wrong, .*or (secret and id do|does) not belong to/)
  },
)

it('errcode 40001 for a self-built app mentions the disabled app, and the permanent code of a 代开发 app', async () => {
  const { message } = await failureOf(CREDENTIALS.selfBuilt(), answer(40001))
  expect(message).toMatch(/the app is disabled/)
  expect(message).toMatch(/代开发.*permanent code/)
})

it.each([
  ['serviceProvider', /ProviderSecret/],
  ['suiteApp', /suite secret/],
  ['authorizedCorp', /permanent code/],
  ['hardwareModel', /model secret/],
  ['hardwareDevice', /device secret/],
] as const)('errcode 40001 of %s speaks of its own secret', async (kind, words) => {
  expect((await failureOf(CREDENTIALS[kind](), answer(40001))).message).toMatch(words)
})

it.each(['selfBuilt', 'suiteApp', 'hardwareDevice'] as const)(
  'errcode 45009 for %s explains the windows, wrong secrets behind the same IP, and where to lift a block',
  async (kind) => {
    const { message, code } = await failureOf(CREDENTIALS[kind](), answer(45009))
    expect(code).toBe('rate_limited')
    for (const words of [
      /a minute, an hour, the day or 30 days/,
      /wrong secrets, perhaps of another program/,
      /blocked for an hour/,
      /debug=1/,
      /open\.work\.weixin\.qq\.com\/wwopen\/devtool\/checkCorpSpamBlock/,
    ])
      expect(message).toMatch(words)
  },
)

it.each(['jsapiTicket', 'agentTicket'] as const)(
  'errcode 45009 for %s explains the tickets’ own limit',
  async (kind) => {
    const { message } = await failureOf(CREDENTIALS[kind](), answer(45009))
    expect(message).toMatch(/400 times an hour, an app 100/)
  },
)

const errmsg = (from: string) =>
  `not allow to access from your ip, hint: [1658_1], from ip: ${from}, more info at https://open.work.weixin.qq.com/devtool/query?e=60020`

it.each([
  [60020, '203.0.113.7'],
  [301042, '198.51.100.23'],
  [90308, '2001:db8::17'],
])(
  'the IP that WeCom saw is in the message and in egressIp of an error with errcode %i',
  async (errcode, ip) => {
    const error = await failureOf(CREDENTIALS.selfBuilt(), answer(errcode, errmsg(ip)))
    expect(error).toMatchObject({ code: 'ip_not_trusted', errcode, egressIp: ip })
    expect(error.message).toContain(`the IP is not trusted: WeCom saw ${ip}. `)
  },
)

it.each([
  ['an empty one', errmsg('')],
  ['none', 'not allow to access from your ip'],
  ['a text', errmsg('planted text')],
  ['blanks for ever', `from ip: ${' '.repeat(100_000)}`],
  ['digits for ever', `from ip: ${'1'.repeat(100_000)}`],
])(
  'an errmsg with %s gives no egressIp, and the message says nothing of it',
  async (_what, text) => {
    const error = await failureOf(CREDENTIALS.selfBuilt(), answer(60020, text))
    expect(error).not.toHaveProperty('egressIp')
    expect(error.message).toContain('the IP is not trusted. Add this machine')
    expect(error.message).not.toContain('planted')
  },
)

it('an untrusted IP is reported to every caller during the cooldown, and to the corps of a suite', async () => {
  const refused = sourceOf(CREDENTIALS.suiteApp(), answer(60020, errmsg('203.0.113.7')))
  const ofCorp = createTokenSource(
    authorizedCorp({ suite: refused, authCorpId: 'ww-customer', permanentCode: SECRET }),
    { clock: fakeClock() },
  )
  for (const source of [refused, refused, ofCorp, ofCorp])
    await expect(source.get()).rejects.toMatchObject({ egressIp: '203.0.113.7' })
})

const CONSOLE = /IP white list \(IP白名单\) of the app in the provider console/
it.each([
  ['self-built: the app’s own list, and the console if it is a 代开发 app', 'selfBuilt', true],
  ['a suite: the provider console alone', 'suiteApp', false],
  ['an authorised corp: the provider console alone', 'authorizedCorp', false],
  ['a provider: the provider console alone', 'serviceProvider', false],
  ['a page ticket: as its app', 'jsapiTicket', true],
  ['a downstream corp: as the upstream app', 'downstreamCorp', true],
] as const)(
  'the error of an untrusted IP says where to enter it: %s',
  async (_what, kind, isOwnList) => {
    const { message } = await failureOf(CREDENTIALS[kind](), answer(60020))
    expect(message).toMatch(CONSOLE)
    expect(/app's trusted IPs \(企业可信IP\)/.test(message)).toBe(isOwnList)
    expect(message).toMatch(/about a minute/)
    expect(message).toMatch(/proxy.*axiosTransport/)
  },
)

it('an untrusted IP is explained for a page ticket of a third-party app like for that app', async () => {
  const { message } = await failureOf(jsapiTicket(corpSource), answer(60020))
  expect(message).toMatch(CONSOLE)
  expect(message).not.toMatch(/app's trusted IPs/)
})

it('errcode 48002 of an authorised corp mentions 代开发 templates', async () => {
  const error = await failureOf(CREDENTIALS.authorizedCorp(), answer(48002))
  expect(error).toMatchObject({ code: 'credential_refused', retryable: false })
  expect(error.message).toMatch(/dk is a 代开发 template.*selfBuilt\(\{ corpId, corpSecret/)
})

it.each([50003, 50006, 60031, 301007])(
  'rule 10: errcode %i, which does not pass by itself, cools down for a minute and doubles',
  async (errcode) => {
    expect(await failureOf(CREDENTIALS.selfBuilt(), answer(errcode))).toMatchObject({
      code: 'credential_refused',
      retryable: false,
      retryAfterMs: 60_000,
    })
  },
)

it('rule 10: errcode 45036, abnormal traffic, cools down like a call limit', async () => {
  expect(await failureOf(CREDENTIALS.selfBuilt(), answer(45036))).toMatchObject({
    code: 'rate_limited',
    retryAfterMs: 60_000,
  })
})

const make: Record<string, (secret: string | (() => string)) => Credential> = {
  corpSecret: (corpSecret) => selfBuilt({ corpId: 'ww1', corpSecret }),
  providerSecret: (providerSecret) => serviceProvider({ corpId: 'ww1', providerSecret }),
  suiteSecret: (suiteSecret) => suiteApp({ suiteId: 's1', suiteSecret, suiteTicket: 't' }),
  permanentCode: (permanentCode) => authorizedCorp({ suite, authCorpId: 'ww1', permanentCode }),
  modelSecret: (modelSecret) => hardwareModel({ modelId: 'm1', modelSecret }),
  deviceSecret: (deviceSecret) =>
    hardwareDevice({ model: modelSource(), deviceSn: 'sn1', deviceSecret }),
}
const WRONG = [
  ['a line break', `${SECRET}\n`],
  ['a line break', `${SECRET}\r\n`],
  ['a line break', `planted\nsecret`],
  ['a blank', ` ${SECRET}`],
  ['a blank', `planted secret`],
  ['a blank', `${SECRET}\t`],
  ['a blank', `${SECRET}\u00a0`],
  ['a blank', `\ufeff${SECRET}`],
  ['a blank', `${SECRET}\u200b`],
  ['a quote', `"${SECRET}"`],
  ['a quote', `'${SECRET}'`],
  ['a quote', `“${SECRET}”`],
] as const

it.each(Object.keys(make))(
  'a secret with %s that was copied along is refused at creation, and is not shown',
  (name) => {
    for (const [what, secret] of WRONG) {
      const given = () => make[name]?.(secret)
      expect(given).toThrow(expect.objectContaining({ code: 'bad_options' }))
      expect(given).toThrow(new RegExp(`^${name} must be .* as it was issued, but has ${what}`))
      expect(given).not.toThrow(/planted/)
    }
  },
)

it.each(Object.keys(make))(
  'a function that returns a secret with %s is an error when it is read, and nothing is sent',
  async (name) => {
    let sent = 0
    const transport = async () => {
      sent += 1
      return { status: 200, body: '{}' }
    }
    const credential = make[name]?.(() => `${SECRET}\n`) as Credential
    const source = createTokenSource(credential, { clock: fakeClock(), transport })
    const error = await source.get().catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'bad_options' })
    expect(error.message).toContain('but has a line break in it')
    expect(error.message).not.toContain('planted')
    expect(sent).toBe(0)
  },
)

it.each(['Aa0_-zZ9', 'a+b/c=', 'hush&hush', 'x.y~z', 'p%20q'])(
  'a secret with other characters is accepted: %s',
  (secret) => {
    for (const of of Object.values(make)) expect(of(secret).secret()).toBe(secret)
  },
)
