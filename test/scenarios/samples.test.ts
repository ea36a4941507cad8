import { expect, it } from 'vitest'
import { tokenErrcodes } from '../../src/core/errcode.js'
import { selfBuilt } from '../../src/index.js'
import { APP } from '../support/qyapi.js'
import { sourceWith, tokenBody } from '../support/source.js'
import samples from '../support/wecom-samples.json' with { type: 'json' }

type Sample = {
  id: string
  neighbour?: boolean
  body?: { errcode?: number }
  raw?: string
  http?: object
}

/** The real answers that refuse an app's access_token (document/path/90313). */
const REFUSED = new Set([
  '42001-official-extra-field-first',
  '42001-empty-ip',
  '42001-bare-2015',
  '40014-no-from-ip',
  '40014-bare-with-empty-fields',
])

const judge = tokenErrcodes(selfBuilt(APP).tokenInvalidErrcodes)

it.each((samples.samples as Sample[]).map((sample) => [sample.id, sample] as const))(
  'every answer seen in public reports is judged as WeCom’s pages say: %s',
  (id, sample) => {
    const text = sample.body === undefined ? (sample.raw ?? '') : JSON.stringify(sample.body)
    const expected = REFUSED.has(id) ? sample.body?.errcode : undefined
    expect(judge.inText(text)).toBe(expected)
    expect(judge.inText(JSON.stringify(sample.body ?? null, null, 2))).toBe(expected)
    expect(judge.inBytes(new TextEncoder().encode(text))).toBe(expected)
    expect(judge.inValue(sample.body)).toBe(expected)
  },
)

const CODES: Record<string, string> = {
  '40001-gettoken': 'credential_refused',
  '40013-gettoken-no-from-ip': 'credential_refused',
  '41004-gettoken': 'credential_refused',
  '45009-gettoken': 'rate_limited',
  '48002': 'credential_refused',
  '60020': 'ip_not_trusted',
  'mp-40001-rid': 'credential_refused',
}

it.each(
  (samples.samples as Sample[])
    .filter(({ body }) => body?.errcode)
    .map((sample) => [sample.id, sample] as const),
)(
  'the real answer %s to gettoken fails with a clear error that names no IP but an untrusted one',
  async (id, { body }) => {
    const { source } = sourceWith({ body: JSON.stringify(body) })
    const error = await source.get().catch((caught) => caught)
    expect(error).toMatchObject({
      code: CODES[id] ?? 'token_fetch_failed',
      errcode: body?.errcode,
    })
    expect(error.message).toContain(`WeCom answered ${body?.errcode}`)
    expect(error.message).toContain('app of corp ww-fake')
    const ips = error.message.match(/\d+\.\d+\.\d+\.\d+/g)
    expect(ips).toEqual(id === '60020' ? ['203.0.113.7'] : null)
    expect(error.egressIp).toBe(id === '60020' ? '203.0.113.7' : undefined)
    expect(error.message).not.toContain(APP.corpSecret)
  },
)

it('an ip_not_trusted error names axiosTransport and proxies in its message', async () => {
  const { source } = sourceWith({
    body: '{"errcode":60020,"errmsg":"not allow to access from your ip"}',
  })
  await expect(source.get()).rejects.toThrow(/proxy.*axiosTransport/)
})

it.each<[string, string, number?]>([
  ['HTML', '<html><body>login</body></html>'],
  ['truncated JSON', '{"errcode":0,"errmsg":"ok","access_tok'],
  ['a token without a lifetime', '{"errcode":0,"access_token":"t"}'],
  ['HTTP 502', tokenBody('t'), 502],
])(
  'rule 2: an unreadable answer to gettoken is token_fetch_failed, is not cached, and a later request tries again: %s',
  async (_name, body, status) => {
    const { source, clock, fetches } = sourceWith((count) =>
      count === 1 ? { body, ...(status && { status }) } : 'good',
    )
    const error = await source.get().catch((caught) => caught)
    expect(error).toMatchObject({
      code: 'token_fetch_failed',
      retryable: true,
      retryAfterMs: 1000,
    })
    expect(error.message).toMatch(/gettoken (got|was)/)
    expect(source.describe().state).toBe('empty')
    clock.advance(1000)
    expect(await source.get()).toBe('good')
    expect(fetches()).toBe(2)
  },
)
