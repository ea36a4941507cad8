import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  agentTicket,
  authorizedCorp,
  type Credential,
  downstreamCorp,
  type ErrcodeRetry,
  explainErrcode,
  hardwareDevice,
  hardwareModel,
  jsapiTicket,
  remoteToken,
  selfBuilt,
  serviceProvider,
  suiteApp,
} from '../../src/index.js'
import type { ErrcodeRows } from '../../src/wecom/errcodes/row.js'
import { BUSY_ERRCODES, STALE_MODEL_TICKET, STALE_SUITE_TICKET } from '../../src/wecom/errcodes.js'
import { FETCH_ERRCODES } from '../../src/wecom/fetch-errcodes.js'
import { appSource, modelSource, suiteSource } from '../support/upstream.js'

const FOLDER = new URL('../../src/wecom/errcodes/', import.meta.url)
const files = readdirSync(FOLDER).filter((name) => name !== 'row.ts')
const modules: Record<string, ErrcodeRows>[] = await Promise.all(
  files.map((name) => import(`${FOLDER}${name}`)),
)
const rows = modules.flatMap((tables) => Object.values(tables).flatMap(Object.entries))
const ERRCODES = rows.map(([errcode]) => Number(errcode))

const LANGS = ['en', 'zh'] as const
const app = appSource()
/** With the credential whose token the calls or token requests carry. */
const CREDENTIALS: readonly (readonly [Credential, judgedBy?: Credential])[] = [
  [selfBuilt({ corpId: 'c', corpSecret: 's' })],
  [serviceProvider({ corpId: 'c', providerSecret: 's' })],
  [suiteApp({ suiteId: 'i', suiteSecret: 's' })],
  [authorizedCorp({ suite: suiteSource(), authCorpId: 'c', permanentCode: 's' })],
  [downstreamCorp({ upstream: app, corpId: 'c', agentId: 1 })],
  [hardwareModel({ modelId: 'm', modelSecret: 's' })],
  [hardwareDevice({ model: modelSource(), deviceSn: 'n', deviceSecret: 's' })],
  [jsapiTicket(app), selfBuilt({ corpId: 'c', corpSecret: 's' })],
  [agentTicket(app), selfBuilt({ corpId: 'c', corpSecret: 's' })],
  [remoteToken({ name: 'n', get: () => ({ token: 't', expiresInSeconds: 1 }), refused: () => {} })],
]

describe('every row of the table of errcodes', () => {
  it('the table of errcodes has more than 120 rows, each in one place', () => {
    expect(ERRCODES.length).toBeGreaterThan(120)
    expect(new Set(ERRCODES).size).toBe(ERRCODES.length)
  })

  it('explainErrcode finds every row of the table, with texts in both languages and a page', () => {
    for (const errcode of ERRCODES)
      for (const lang of LANGS) {
        const explained = explainErrcode(errcode, { lang })
        expect(explained.errcode).toBe(errcode)
        expect(explained.retry).not.toBe('unknown')
        expect(explained.page).toMatch(
          /^https:\/\/developer\.work\.weixin\.qq\.com\/document\/path\/\d{5,6}$/,
        )
        for (const text of [explained.meaning, explained.remedy, ...explained.causes])
          expect(text.trim(), `${errcode} ${lang}`).not.toBe('')
        expect(explained.causes, `${errcode}`).not.toEqual([])
        const hasChinese = /\p{Script=Han}/u.test(explained.meaning)
        if (lang === 'zh') expect(hasChinese, `${errcode}`).toBe(true)
        expect(explained.remedy, `${errcode}`).toMatch(lang === 'zh' ? /。$/ : /\.$/)
      }
  })

  it('every row of the table has a name of its own in snake_case', () => {
    const names = rows.map(([, { name }]) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name))).toEqual([])
  })

  it('an errcode that a token request can get has its English texts once: those of our errors', () => {
    const twice = rows.filter(
      ([errcode, { en }]) =>
        Object.hasOwn(FETCH_ERRCODES, errcode) && (en.meaning ?? en.remedy) !== undefined,
    )
    expect(twice).toEqual([])
    const missing = Object.keys(FETCH_ERRCODES).filter((key) => !ERRCODES.includes(Number(key)))
    expect(missing).toEqual([])
  })

  it('isTokenInvalid is true for a kind exactly if the library then replaces its token', () => {
    for (const [{ kind, tokenInvalidErrcodes }, judgedBy] of CREDENTIALS) {
      const refused = judgedBy?.tokenInvalidErrcodes ?? tokenInvalidErrcodes
      for (const errcode of ERRCODES) {
        const { isTokenInvalid, retry } = explainErrcode(errcode, { kind })
        expect([kind, errcode, isTokenInvalid]).toEqual([kind, errcode, refused.includes(errcode)])
        expect(retry === 'replace_token').toBe(isTokenInvalid)
      }
      expect(refused.filter((errcode) => !ERRCODES.includes(errcode))).toEqual([])
    }
  })

  it('isTokenInvalid without a kind is true if any kind replaces its token', () => {
    const all = CREDENTIALS.flatMap(([{ tokenInvalidErrcodes }]) => tokenInvalidErrcodes)
    for (const errcode of ERRCODES)
      expect([errcode, explainErrcode(errcode).isTokenInvalid]).toEqual([
        errcode,
        all.includes(errcode),
      ])
  })

  it('retry agrees with what the library does: busy answers, stale tickets, call limits', () => {
    const retriedBy = (retry: ErrcodeRetry) =>
      ERRCODES.filter((errcode) => explainErrcode(errcode).retry === retry)
    const sorted = (codes: readonly number[]) => [...new Set(codes)].sort((a, b) => a - b)
    expect(sorted([...retriedBy('soon'), ...retriedBy('fewer_in_flight')])).toEqual(
      sorted(BUSY_ERRCODES),
    )
    expect(retriedBy('fewer_in_flight')).toEqual([45033])
    expect(sorted(retriedBy('newer_ticket'))).toEqual(
      sorted([...STALE_SUITE_TICKET, ...STALE_MODEL_TICKET]),
    )
    expect(retriedBy('later')).toEqual(expect.arrayContaining([45009, 45036]))
    for (const errcode of [40001, 40013, 60020, 48002, 41001])
      expect(explainErrcode(errcode).retry).toBe('no')
    for (const errcode of [40029, 42007, 84014])
      expect(explainErrcode(errcode).retry).toBe('new_code')
  })
})

describe('explainErrcode()', () => {
  it.each([
    ['self-built', /企业可信IP/, /企业可信IP/],
    ['suite-app', /IP white list \(IP白名单\).*provider console/, /服务商管理端.*IP白名单/],
    ['authorized-corp', /do not apply to it/, /无效/],
  ])(
    'explainErrcode says where to enter the IP of %s after 60020, in both languages',
    (kind, english, chinese) => {
      expect(explainErrcode(60020, { kind }).remedy).toMatch(english)
      expect(explainErrcode(60020, { kind, lang: 'zh' }).remedy).toMatch(chinese)
    },
  )

  it('the remedy of 48002 of an authorised corp mentions the 代开发 template whose suite id begins with dk', () => {
    for (const lang of LANGS)
      expect(explainErrcode(48002, { kind: 'authorized-corp', lang }).remedy).toMatch(
        /dk.*selfBuilt\(\{ corpId, corpSecret: permanentCode \}\)/,
      )
  })

  it('the remedy of 45009 leads to the page that lifts a block, in both languages', () => {
    for (const lang of LANGS)
      expect(explainErrcode(45009, { lang }).remedy).toContain('devtool/checkCorpSpamBlock')
  })

  it('explainErrcode says of an unknown errcode that it is unknown, and where WeCom explains it', () => {
    for (const errcode of [12345, -2, 1])
      expect(explainErrcode(errcode)).toEqual({
        errcode,
        name: 'unknown',
        meaning: 'this errcode is not in our table',
        causes: [],
        remedy: `WeCom explains every errcode at https://open.work.weixin.qq.com/devtool/query?e=${errcode}.`,
        isTokenInvalid: false,
        retry: 'unknown',
        page: `https://open.work.weixin.qq.com/devtool/query?e=${errcode}`,
      })
    expect(explainErrcode(12345, { lang: 'zh' }).meaning).toMatch(/没有收录/)
  })

  it.each([
    ['40001', /^errcode must be a whole number, got a string of 5 characters\.$/],
    [undefined, /^errcode must be a whole number, got undefined\.$/],
    [Number.NaN, /NaN/],
    [1.5, /1\.5/],
    [null, /null/],
  ])('explainErrcode refuses %j with bad_options', (errcode, message) => {
    const explain = () => explainErrcode(errcode as number)
    expect(explain).toThrow(expect.objectContaining({ code: 'bad_options' }))
    expect(explain).toThrow(message)
  })

  it.each([
    [{ lang: 'fr' }, /^lang must be 'en' or 'zh'/],
    [{ kind: 'selfbuilt' }, /^kind must be a kind of credential/],
    [{ kind: 'constructor' }, /^kind must be a kind of credential/],
    [{ language: 'zh' }, /Unknown key 'language'/],
    [null, /must be an object/],
  ])('explainErrcode refuses the options %j with bad_options', (options, message) => {
    expect(() => explainErrcode(40001, options as object)).toThrow(message)
  })

  it('causes that a caller changes do not change the table', () => {
    ;(explainErrcode(40001).causes as string[]).length = 0
    expect(explainErrcode(40001).causes.length).toBeGreaterThan(2)
  })
})
