import { expect, it } from 'vitest'
import { fakeQyapi } from '../../src/testing.js'
import { APP, openedPage, rawRequest } from './page-caller.js'

const JSON_TYPE = { 'content-type': 'application/json' }

it('the page is served only after it was asked for, on a server that listens then', async () => {
  const wecom = fakeQyapi()
  const baseUrl = await wecom.listen()
  expect((await fetch(baseUrl)).status).toBe(404)
  expect(await wecom.page()).toBe(`${baseUrl}/`)
  const response = await fetch(baseUrl)
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(await response.text()).toContain('A WeCom on your desk')
  await wecom.close()

  const unheard = fakeQyapi()
  const page = await unheard.page()
  expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
  expect((await fetch(page)).status).toBe(200)
  await unheard.close()
})

it('every file that the page names is served by the fake, and allowed to load nothing from elsewhere', async () => {
  const { page } = await openedPage()
  const response = await fetch(page)
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/https?:|\*|unsafe|data:/)
  const files = new Set<string>()
  const follow = async (address: string) => {
    if (files.has(address)) return
    files.add(address)
    const file = await fetch(new URL(address, page))
    expect(file.status, address).toBe(200)
    const text = await file.text()
    for (const [, name = ''] of text.matchAll(/(?:href|src)="(\/page\/[^"]+)"/g)) await follow(name)
    for (const [, name = ''] of text.matchAll(/from '\.\/([\w-]+\.js)'/g))
      await follow(`/page/${name}`)
  }
  await follow('/')
  expect(files.size).toBeGreaterThan(8)
})

it.each([
  ['a foreign host, as DNS rebinding has it', { host: 'wecom.attacker.example' }],
  ['a host that only begins like loopback', { host: '127.0.0.1.attacker.example' }],
  ['a foreign origin', { origin: 'https://attacker.example' }],
  ['another local program as origin', { origin: 'http://127.0.0.1:1' }],
  ['no origin that can be named', { origin: 'null' }],
])('a request from %s gets no page, no events and no control', async (_what, headers) => {
  const { page, wecom, gettoken, call } = await openedPage()
  const token = await gettoken()
  for (const path of ['', 'page/events', 'page/page.js', 'page/call/1']) {
    const { status, body } = await rawRequest(`${page}${path}`, headers)
    expect([path, status, body]).toEqual([path, 403, ''])
  }
  const post = { method: 'POST', body: '{"action":"revoke"}' }
  expect((await rawRequest(`${page}page/do`, { ...JSON_TYPE, ...headers }, post)).status).toBe(403)
  expect((await call(`user/get?access_token=${token}`)).errcode).toBe(0)
  expect(wecom.count('user/get')).toBe(1)
})

it('a button takes JSON only, so that a form of another page cannot press it', async () => {
  const { page } = await openedPage()
  const post = { method: 'POST', body: '{"action":"revoke"}' }
  const plain = await rawRequest(`${page}page/do`, { 'content-type': 'text/plain' }, post)
  expect(plain.status).toBe(415)
  expect((await rawRequest(`${page}page/do`, JSON_TYPE)).status).toBe(415)
})

it('the page lies in no other folder: a path that climbs is not found', async () => {
  const { page } = await openedPage()
  for (const path of [
    'page/../package.json',
    'page/%2e%2e/fake-log.ts',
    'page/nothing.js',
    'other',
  ])
    expect((await rawRequest(`${page}${path}`, {})).status, path).toBe(404)
})

it('a message that an app sent reaches the page, with its corp, agent and receivers', async () => {
  const { call, gettoken, news } = await openedPage()
  const token = await gettoken()
  const message = { touser: 'zhangsan', agentid: 7, msgtype: 'text', text: { content: '你好' } }
  await call(`message/send?access_token=${token}`, message)
  const { messages, calls } = await news()
  expect(messages).toEqual([expect.objectContaining({ corpId: APP.corpId, message, files: {} })])
  expect(calls).toEqual([
    expect.objectContaining({ path: 'gettoken', errcode: 0, corpId: APP.corpId }),
    expect.objectContaining({ method: 'POST', path: 'message/send', token: 1, errcode: 0 }),
  ])
})

it('a message that WeCom refused is a call, and no message', async () => {
  const { call, news } = await openedPage()
  await call('message/send?access_token=wrong', { msgtype: 'text', text: { content: 'x' } })
  const { messages, calls } = await news()
  expect(messages).toEqual([])
  expect(calls).toEqual([expect.objectContaining({ path: 'message/send', errcode: 40014 })])
})

it('what happened before the page was asked for is on it, too', async () => {
  const wecom = fakeQyapi({ apps: [APP] })
  const baseUrl = await wecom.listen()
  await fetch(`${baseUrl}/cgi-bin/gettoken?corpid=${APP.corpId}&corpsecret=${APP.corpSecret}`)
  const response = await fetch(`${await wecom.page()}page/events`)
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('"calls"')) text += (await reader?.read())?.value ?? ''
  await reader?.cancel()
  expect(text).toContain('"path":"gettoken"')
  await wecom.close()
})

it('group robots are numbered, and their keys and images are shown by number and as files', async () => {
  const { call, news, page } = await openedPage()
  const png =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  const text = { msgtype: 'text', text: { content: 'hi' } }
  await call('webhook/send?key=first-key-of-a-robot', text)
  await call('webhook/send?key=second-key-of-a-robot', text)
  await call('webhook/send?key=first-key-of-a-robot', { msgtype: 'image', image: { base64: png } })
  const { messages, calls } = await news()
  expect(messages.map(({ robot }) => robot)).toEqual([1, 2, 1])
  expect(JSON.stringify([messages, calls])).not.toMatch(/key-of-a-robot|iVBOR/)
  const [id = '', file] = Object.entries(messages[2]?.files ?? {})[0] ?? []
  expect(file).toEqual({ name: 'file', type: 'image/png' })
  const image = await fetch(`${page}page/media/${id}`)
  expect(image.headers.get('content-type')).toBe('image/png')
  expect(Buffer.from(await image.arrayBuffer()).toString('base64')).toBe(png)
})

it('an uploaded file has its own name and bytes, and is never served as markup', async () => {
  const { baseUrl, call, gettoken, news, page } = await openedPage()
  const token = await gettoken()
  const form = new FormData()
  form.append('media', new Blob(['<script>alert(1)</script>'], { type: 'text/html' }), '报表.html')
  const upload = `${baseUrl}/cgi-bin/media/upload?type=file&access_token=${token}`
  const response = await fetch(upload, { method: 'POST', body: form })
  const { media_id } = (await response.json()) as { media_id: string }
  await call(`message/send?access_token=${token}`, { msgtype: 'file', file: { media_id } })
  const { messages } = await news()
  const type = 'application/octet-stream'
  expect(messages[0]?.files).toEqual({ [media_id]: { name: '报表.html', type } })
  const file = await fetch(`${page}page/media/${media_id}`)
  expect(file.headers.get('content-type')).toBe(type)
  expect(file.headers.get('x-content-type-options')).toBe('nosniff')
  expect(await file.text()).toBe('<script>alert(1)</script>')
})

it('a page that reconnects receives what it missed, and everything anew from another fake', async () => {
  const { call, news } = await openedPage()
  await call('user/get?access_token=x')
  const first = await news()
  expect(first).toMatchObject({ reset: true, calls: [{ path: 'user/get' }] })
  await call('department/list?access_token=x')
  const second = await news(first.id)
  expect(second.reset).toBeUndefined()
  expect(second.calls).toEqual([expect.objectContaining({ path: 'department/list' })])
  const anew = await news('another-era 99')
  expect(anew.reset).toBe(true)
  expect(anew.calls).toHaveLength(2)
})

it('an open page receives a call as it happens', async () => {
  const { call, news } = await openedPage()
  const arrived = news('', ({ calls }) => calls.some(({ path }) => path === 'agent/get'))
  await call('agent/get?access_token=x')
  expect((await arrived).calls.at(-1)).toMatchObject({ path: 'agent/get', errcode: 40014 })
})

it('the fake keeps the last 1000 calls and messages', async () => {
  const { call, gettoken, news } = await openedPage()
  const token = await gettoken()
  const send = (n: number) =>
    call(`message/send?access_token=${token}`, { msgtype: 'text', text: { content: `${n}` } })
  for (let n = 0; n < 1010; n += 10)
    await Promise.all(Array.from({ length: 10 }, (_, i) => send(n + i)))
  const { calls, messages } = await news()
  expect([calls.length, messages.length]).toEqual([1000, 1000])
})

it('an open page loses a corp that cancelled its authorisation', async () => {
  const corps = [{ corpId: 'ww-corp', permanentCode: 'code' }]
  const suites = [{ suiteId: 'ww-suite', suiteSecret: 'secret', corps }]
  const { news, wecom } = await openedPage({ apps: [], suites })
  const names = ({ state }: Awaited<ReturnType<typeof news>>) =>
    state.owners.map(({ kind, corpId }) => corpId ?? kind)
  const first = await news()
  expect(names(first)).toEqual(['suite', 'ww-corp'])
  const next = news(first.id, (one) => names(one).length === 1)
  wecom.uninstall('ww-suite', 'ww-corp')
  expect(names(await next)).toEqual(['suite'])
})
