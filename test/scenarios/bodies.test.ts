import axios from 'axios'
import FormDataPackage from 'form-data'
import { expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import { createTokenSource, selfBuilt, type TokenEvent } from '../../src/index.js'
import type { FakeQyapi } from '../../src/testing.js'
import { APP } from '../support/every-kind.js'
import { useServers } from '../support/servers.js'

const { fake } = useServers()

/** A body, and what the caller does to it after the request. */
type Make = () => readonly [body: unknown, change: () => void]

const bytes = () => Uint8Array.from(Buffer.from('as it was'))
const changing = <B>(body: B, change: (body: B) => void) => [body, () => change(body)] as const
const form = <F extends { append(name: string, value: string): void }>(made: F) => {
  made.append('field', 'as it was')
  return changing(made, () => made.append('field', 'changed'))
}

const bodies: Record<string, Make> = {
  'a Buffer': () => changing(Buffer.from('as it was'), (body) => body.fill(0x21)),
  'a typed array': () => changing(bytes(), (body) => body.fill(0x21)),
  'an ArrayBuffer': () => changing(bytes().buffer, (body) => new Uint8Array(body).fill(0x21)),
  URLSearchParams: () =>
    changing(new URLSearchParams({ text: 'as it was' }), (body) => body.set('text', 'changed')),
  'native FormData': () => form(new FormData()),
}
const inAxiosAlone: Record<string, Make> = {
  'a form of the package form-data': () => form(new FormDataPackage()),
  'an object': () =>
    changing({ text: 'as it was', list: [{ text: 'as it was' }] }, (body) => {
      body.text = 'changed'
      body.list.push({ text: 'changed' })
      for (const item of body.list) item.text = 'changed'
    }),
}

type Post = (
  baseUrl: string,
  source: ReturnType<typeof createTokenSource>,
  body: unknown,
) => unknown

const byAxios =
  (adapter: 'http' | 'fetch', more: object = {}): Post =>
  (baseUrl, source, data) => {
    const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, adapter, ...more })
    attachToken(client, source)
    return client.post('/media/upload', data)
  }
/** What axios must not serialize before it calls an adapter. */
const asItIs: Post = (baseUrl, source, body) => {
  const client = axios.create({
    baseURL: `${baseUrl}/cgi-bin`,
    transformRequest: [(data) => data],
    adapter: async (config) =>
      axios.request({
        ...config,
        adapter: 'http',
        transformRequest: axios.defaults.transformRequest as never,
      }),
  })
  attachToken(client, source)
  return client.post('/media/upload', body)
}
const byFetch: Post = (baseUrl, source, body) =>
  withToken(fetch, source)(`${baseUrl}/cgi-bin/media/upload`, {
    method: 'POST',
    body: body as never,
  })
const byChosen: Post = (baseUrl, source, data) => {
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, async () => source, { baseUrl })
  return client.post('/media/upload', data)
}

const ways: [string, Post, Record<string, Make>][] = [
  ['axios, http adapter', byAxios('http'), { ...bodies, ...inAxiosAlone }],
  ['axios, fetch adapter', byAxios('fetch'), bodies],
  ['axios, a body that nothing serializes', asItIs, { ...bodies, ...inAxiosAlone }],
  ['axios, a source that is chosen', byChosen, { ...bodies, ...inAxiosAlone }],
  ['fetch', byFetch, bodies],
]
const cases = ways.flatMap(([way, post, made]) =>
  Object.entries(made).map(([name, make]) => ({ way, name, post, make })),
)

async function sourceOf(onEvent: (event: TokenEvent) => void = () => {}) {
  const { wecom, baseUrl } = await fake({ apps: [APP] })
  return { wecom, baseUrl, source: createTokenSource(selfBuilt(APP), { baseUrl, onEvent }) }
}

/** The bodies that arrived, without the boundary of a form. */
const arrived = ({ requests }: FakeQyapi) =>
  requests
    .filter(({ path }) => path === 'media/upload')
    .map(({ body, headers }) => {
      const boundary = /boundary=(.*)$/.exec(String(headers['content-type']))?.[1] ?? '\0'
      const text = Buffer.from(body).toString().replaceAll(boundary, 'BOUNDARY')
      return text.replace(/formdata-undici-\d+/g, 'BOUNDARY')
    })

it.each(cases)(
  'request rule 10: what the caller does to a body after the request has no effect: $way, while it waits for a token: $name',
  async ({ post, make }) => {
    const bare = await sourceOf()
    await bare.source.get()
    await post(bare.baseUrl, bare.source, make()[0])
    const { wecom, baseUrl, source } = await sourceOf()
    const [body, change] = make()
    const call = post(baseUrl, source, body)
    change()
    await call
    expect(arrived(wecom)).toEqual(arrived(bare.wecom))
    expect(arrived(wecom).join()).toContain('as')
  },
)

it.each(cases)(
  'request rule 10: what the caller does to a body after the request has no effect: $way, when it is replayed: $name',
  async ({ post, make }) => {
    const [body, change] = make()
    const { wecom, baseUrl, source } = await sourceOf(({ type }) => {
      if (type === 'refused') change()
    })
    await source.get()
    wecom.revoke()
    await post(baseUrl, source, body)
    const [first, again, ...others] = arrived(wecom)
    expect(again).toBe(first)
    expect(others).toEqual([])
  },
)

it.each(cases.filter(({ name }) => !/form-data|object/.test(name)))(
  'request rule 10: what the caller does to a body after the request has no effect: $way, with a memoized token: $name',
  async ({ post, make }) => {
    const { wecom, baseUrl, source } = await sourceOf()
    await source.get()
    const [body, change] = make()
    const call = post(baseUrl, source, body)
    change()
    await call
    expect(arrived(wecom).join()).not.toMatch(/!!|changed/)
  },
)

it('request rule 3: the config of a response, and of an error, has the body that the caller passed', async () => {
  const { baseUrl, source } = await sourceOf()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, source)
  const data = Buffer.from('own')
  expect((await client.post('/media/upload', data)).config.data).toBe(data)
  const failed = client.post('/media/upload', data, { validateStatus: () => false })
  await expect(failed).rejects.toMatchObject({ config: { data } })
})
