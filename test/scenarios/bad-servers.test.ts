import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import axios from 'axios'
import nock from 'nock'
import { beforeAll, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import type { TokenEvent } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { hold } from '../support/hold.js'
import { APP, settle } from '../support/qyapi.js'
import { useServers } from '../support/servers.js'
import { deferred, sourceWith, tokenBody } from '../support/source.js'
import { refuseUnhandled } from '../support/unhandled.js'

beforeAll(() => nock.restore())
refuseUnhandled()

const { serve, fake } = useServers()

const JSON_TYPE = { 'content-type': 'application/json' }

it('rule 9: a server that answers 42001 to everything costs one forced refresh for each endpoint, and never more than the budget', async () => {
  let fetches = 0
  const baseUrl = await serve((request, response) => {
    const isFetch = request.url?.includes('/gettoken') === true
    if (isFetch) fetches += 1
    response.writeHead(200, JSON_TYPE)
    response.end(isFetch ? tokenBody(`token-${fetches}`) : '{"errcode":42001,"errmsg":"expired"}')
  })
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, APP, { baseUrl })
  for (let call = 0; call < 60; call += 1) {
    expect((await client.get(`/endpoint/${call % 30}`)).data.errcode).toBe(42001)
  }
  expect(fetches).toBe(21)
})

it('rule 8: a server that returns the same token for ever gets a token request every 100 to 200 s after the memo, while there are requests; at most 800 a day', async () => {
  const { source, clock, fetches } = sourceWith('the-same')
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    expect(await source.get()).toBe('the-same')
    clock.advance(60_000)
    await settle()
  }
  expect(fetches()).toBeGreaterThan(300)
  expect(fetches()).toBeLessThan(800)
})

it('rule 10: a server that takes 30 s is aborted after tokenTimeoutMs, all tries together', async () => {
  const baseUrl = await serve(() => {})
  const options = { baseUrl, tokenTimeoutMs: 200 }
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, APP, options)
  for (const call of [
    client.get('/user/get'),
    withToken(fetch, APP, options)(`${baseUrl}/cgi-bin/user/get`),
  ]) {
    await expect(call).rejects.toMatchObject({
      code: 'token_fetch_failed',
      message: expect.stringContaining('no answer within 200 ms'),
    })
  }
})

it('rule 10: a gettoken whose connection closes half-way through the body is tried again', async () => {
  const { wecom, baseUrl } = await fake()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, APP, { baseUrl })
  wecom.failNext('gettoken', { truncate: true })
  expect((await client.get('/user/get')).data.errcode).toBe(0)
  expect(wecom.count('gettoken')).toBe(2)
})

it('request rule 10: a business request whose connection closes half-way through the body leaves the caller with the error that it has without us', async () => {
  const { wecom, baseUrl } = await fake({ errorCodeHeader: false })
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, APP, { baseUrl })
  wecom.failNext('user/get', { truncate: true })
  await expect(client.get('/user/get')).rejects.toMatchObject({ isAxiosError: true })
  const qyFetch = withToken(fetch, APP, { baseUrl })
  wecom.failNext('user/get', { truncate: true })
  const response = await qyFetch(`${baseUrl}/cgi-bin/user/get`)
  await expect(response.text()).rejects.toThrow('terminated')
})

it('request rule 10: a streamed answer whose connection closes half-way leaves listeners, iterators and pipes with the error', async () => {
  const { wecom, baseUrl } = await fake({ errorCodeHeader: false })
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, APP, { baseUrl })
  const stream = async () => {
    wecom.failNext('user/get', { truncate: true })
    return (await client.get('/user/get', { responseType: 'stream' })).data
  }
  const listened = await stream()
  const heard: string[] = []
  await new Promise<void>((resolve) => {
    listened.on('data', (chunk: Buffer) => heard.push(String(chunk)))
    listened.on('error', (error: Error) => heard.push(error.message))
    listened.on('close', resolve)
  })
  expect(heard).toEqual([expect.stringContaining('{"errcode":0'), 'aborted'])
  let iterated = ''
  const iterate = async () => {
    for await (const chunk of await stream()) iterated += String(chunk)
  }
  await expect(iterate()).rejects.toThrow('aborted')
  expect(iterated).toContain('{"errcode":0')
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() })
  await expect(pipeline(await stream(), sink)).rejects.toThrow('aborted')
})

it('rule 10: a login page with 200 in answer to gettoken makes a clear error', async () => {
  const baseUrl = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<html><form action="/login">')
  })
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, APP, { baseUrl })
  await expect(client.get('/user/get')).rejects.toThrow(
    /got an HTML page instead of a token.*Check baseUrl/,
  )
})

it('request rule 4: a login page with 200 in answer to a business request is the caller’s answer', async () => {
  const { wecom, baseUrl } = await fake()
  wecom.on('user/get', {
    headers: { 'content-type': 'text/html' },
    body: '<html>login 42001</html>',
  })
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, APP, { baseUrl })
  expect((await client.get('/user/get')).data).toContain('login')
  expect(wecom.count('gettoken')).toBe(1)
})

it('rule 13: a clock that is set back a year changes nothing', async () => {
  const { source, clock, fetches } = sourceWith((count) => `token-${count}`)
  await source.get()
  clock.setWallBy(-365 * 24 * 3_600_000)
  expect(await source.get()).toBe('token-1')
  clock.advance(7_000_000)
  expect(await source.get()).toBe('token-2')
  expect(fetches()).toBe(2)
})

it('rule 13: a process frozen for three hours causes one fetch when it wakes, however many requests there are', async () => {
  const { source, clock, fetches } = sourceWith((count) => `token-${count}`)
  await source.get()
  clock.advance(3 * 3_600_000)
  const tokens = await Promise.all(Array.from({ length: 100 }, () => source.get()))
  expect(new Set(tokens)).toEqual(new Set(['token-2']))
  expect(fetches()).toBe(2)
})

it('rule 13: after a process was frozen while a token is in flight, those that waited get it, the next caller a new one', async () => {
  const onItsWay = deferred<string>()
  const { source, clock, fetches } = sourceWith((count) =>
    count === 1 ? onItsWay.promise : `token-${count}`,
  )
  const waiting = Promise.all([source.get(), source.get()])
  await settle()
  clock.setWallBy(3 * 3_600_000)
  onItsWay.resolve('token-1')
  expect(await waiting).toEqual(['token-1', 'token-1'])
  const later = await Promise.all(Array.from({ length: 100 }, () => source.get()))
  expect(new Set(later)).toEqual(new Set(['token-2']))
  expect(fetches()).toBe(2)
})

it('rule 13: a machine that slept, whose monotonic clock stopped, causes one fetch too', async () => {
  const { source, clock, fetches } = sourceWith((count) => `token-${count}`)
  await source.get()
  clock.setWallBy(3 * 3_600_000)
  expect(await source.get()).toBe('token-2')
  expect(fetches()).toBe(2)
})

it('rule 10: with 20 workers that never pause, a gettoken that is down is tried three times in the second after its failure, and once it is back all are served', async () => {
  const { wecom, baseUrl } = await fake()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  const clock = fakeClock()
  attachToken(client, APP, { baseUrl, clock })
  wecom.failNext('gettoken', { reset: true }, 1000)
  const errcodeOf = () =>
    client.get('/user/get').then(
      ({ data }) => data.errcode as number,
      ({ code }) => code as string,
    )
  const workers = () => Promise.all(Array.from({ length: 20 }, errcodeOf))
  for (let round = 0; round < 10; round += 1) {
    expect(new Set(await workers())).toEqual(new Set(['token_fetch_failed']))
    clock.advance(50)
  }
  expect(wecom.count('gettoken')).toBe(3)
  wecom.recover('gettoken')
  clock.advance(1_000)
  expect(new Set(await workers())).toEqual(new Set([0]))
  expect(wecom.count('gettoken')).toBe(4)
})

it('rule 11: an abort leaves no listener on its signal', async () => {
  const { source } = sourceWith('token')
  const controller = new AbortController()
  let listeners = 0
  const { signal } = controller
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1
    remove(...args)
  }
  await source.get({ signal })
  expect(listeners).toBe(0)
})

it('rule 11: an abort does not end the fetch, and the next caller has its token', async () => {
  const { wecom, baseUrl } = await fake()
  const qyFetch = withToken(fetch, APP, { baseUrl })
  const fetched = hold(wecom, 'gettoken')
  await expect(
    qyFetch(`${baseUrl}/cgi-bin/user/get`, { signal: AbortSignal.timeout(20) }),
  ).rejects.toMatchObject({ name: 'TimeoutError' })
  fetched.release()
  expect((await qyFetch(`${baseUrl}/cgi-bin/user/get`)).status).toBe(200)
  expect(wecom.count('gettoken')).toBe(1)
})

it('rule 11: a timeout is one budget for wait, send, wait and replay', async () => {
  const { wecom, baseUrl } = await fake()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  const { source } = attachToken(client, APP, { baseUrl })
  await source.get()
  wecom.revoke()
  wecom.failNext('user/get', { errcode: 40014, delayMs: 80 })
  wecom.failNext('user/get', { delayMs: 200 })
  wecom.failNext('gettoken', { delayMs: 80 })
  const error = await client.get('/user/get', { timeout: 250 }).catch((caught) => caught)
  expect(error).toMatchObject({
    code: 'ECONNABORTED',
    message: 'timeout of 250ms exceeded',
    config: { timeout: 250 },
  })
  expect(error.config.timeoutErrorMessage).toBeUndefined()
})

it('detach() while requests are in flight rejects those that wait for a token as closed, and leaves those that were sent their answer', async () => {
  const { wecom, baseUrl } = await fake()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  const { source, detach } = attachToken(client, APP, { baseUrl })
  const fetched = hold(wecom, 'gettoken')
  const waiting = client.get('/user/get').catch((error) => error)
  await fetched.arrived()
  detach()
  expect(await waiting).toMatchObject({ code: 'closed' })
  expect(source.describe().state).toBe('closed')

  const again = attachToken(client, APP, { baseUrl })
  fetched.release()
  await again.source.get()
  wecom.revoke()
  const called = hold(wecom, 'user/get')
  const sent = client.get('/user/get')
  await called.arrived()
  again.detach()
  called.release()
  expect((await sent).data.errcode).toBe(40014)
})

it('rule 3: an idle source has no timer at all, and no timer of ours keeps a process alive', async () => {
  const started: number[] = []
  const clock = fakeClock()
  const after = (ms: number, callback: () => void) => {
    started.push(ms)
    return clock.after(ms, callback)
  }
  const watched = { ...clock, after }
  const { source } = sourceWith('token', { clock: watched })
  await source.get()
  expect(started).toEqual([10_000])
  clock.advance(20_000_000)
  expect(started).toEqual([10_000])
})

it('the events of a refusal are complete, and contain no token', async () => {
  const { wecom, baseUrl } = await fake()
  const events: TokenEvent[] = []
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  const { source } = attachToken(client, APP, { baseUrl, onEvent: (event) => events.push(event) })
  await client.get('/user/get')
  wecom.revoke()
  await client.get('/user/get')
  const about = { kind: 'self-built', subject: 'app of corp ww-fake' }
  const fetched = { ...about, type: 'fetched', tookMs: expect.any(Number), isSameString: false }
  const refused = { ...about, type: 'refused', ageMs: expect.any(Number), errcode: 40014 }
  expect(events).toEqual([
    { ...fetched, generation: 1 },
    { ...refused, generation: 1, endpoint: 'user/get' },
    { ...fetched, generation: 2 },
    { ...about, type: 'replayed', generation: 2, endpoint: 'user/get' },
  ])
  expect(JSON.stringify(events)).not.toContain(await source.get())
})
