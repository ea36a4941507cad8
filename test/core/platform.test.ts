import { Readable } from 'node:stream'
import { afterEach, expect, it, vi } from 'vitest'
import { beforeStreamError, nodeStreamInstead } from '../../src/core/node-streams.js'
import { platform, systemClock } from '../../src/core/platform.js'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

it('the system’s clock is the wall clock and the monotonic one', () => {
  vi.spyOn(Date, 'now').mockReturnValue(123)
  vi.spyOn(performance, 'now').mockReturnValue(45)
  expect(systemClock.wall()).toBe(123)
  expect(systemClock.monotonic()).toBe(45)
})

it('the system’s clock calls back after the delay', async () => {
  const order: number[] = []
  await Promise.all(
    [30, 1, 10].map(
      (ms) =>
        new Promise<void>((resolve) => systemClock.after(ms, () => resolve(void order.push(ms)))),
    ),
  )
  expect(order).toEqual([1, 10, 30])
})

it('the system’s clock does not fire at once with a delay that no timer can hold, such as 2^31 ms', async () => {
  const callback = vi.fn()
  const cancel = systemClock.after(2 ** 31, callback)
  // Node would use one millisecond, which passes before these have.
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(callback).not.toHaveBeenCalled()
  cancel()
})

it('the system’s clock does not call back after it is cancelled', async () => {
  const callback = vi.fn()
  const cancel = systemClock.after(0, callback)
  cancel()
  await new Promise((resolve) => setTimeout(resolve, 2))
  expect(callback).not.toHaveBeenCalled()
})

it('the platform hashes by SHA-256, in hex', async () => {
  expect(await platform.hash('abc')).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  // Has bytes below 16, which are two digits all the same.
  expect(await platform.hash('企业微信')).toMatch(/^[0-9a-f]{64}$/)
})

it('the platform draws numbers from 0 to 1', () => {
  const number = platform.random()
  expect(number).toBeGreaterThanOrEqual(0)
  expect(number).toBeLessThan(1)
})

it('the platform sends with the current global fetch', async () => {
  vi.stubGlobal('fetch', async (url: string) => new Response(`answer of ${url}`))
  const context = {
    signal: new AbortController().signal,
    shouldTryAgain: () => false,
    wait: async () => {},
  }
  const request = { method: 'GET', url: 'https://qyapi.weixin.qq.com/' } as const
  expect(await platform.transport(request, context)).toEqual({
    status: 200,
    body: 'answer of https://qyapi.weixin.qq.com/',
  })
})

it('the error of a Node stream is reported before its other listeners run', async () => {
  const heard: unknown[] = []
  const failure = new Error('reset')
  const stream = new Readable({ read() {} })
  stream.on('error', (error) => heard.push('caller', error))
  beforeStreamError(stream, (error) => heard.push('we', error))
  stream.destroy(failure)
  await new Promise((resolve) => setImmediate(resolve))
  expect(heard).toEqual(['we', failure, 'caller', failure])
  expect(stream.listenerCount('error')).toBe(1)
})

it.each([
  ['bytes', ['bytes']],
  ['', []],
])(
  'a replacement for a Node stream gives its bytes (%j) once, then fails',
  async (text, expected) => {
    const failure = new Error('reset')
    const stream = nodeStreamInstead({}, new TextEncoder().encode(text), failure) as Readable
    expect(stream).toBeInstanceOf(Readable)
    const pieces: string[] = []
    const reading = async () => {
      for await (const piece of stream) pieces.push(String(piece))
    }
    await expect(reading()).rejects.toBe(failure)
    expect(pieces).toEqual(expected)
  },
)

it('a replacement for a Node stream ends without an error', async () => {
  const stream = nodeStreamInstead({}, new TextEncoder().encode('bytes')) as Readable
  expect(await stream.toArray()).toEqual([Buffer.from('bytes')])
})

it('a replacement for a Node stream copies the properties of an answer, and nothing else', () => {
  const said = { statusCode: 201, headers: { a: 'b' }, complete: true }
  const stream = nodeStreamInstead({ ...said, req: {} }, new Uint8Array()) as Readable
  expect(stream).toMatchObject(said)
  expect(stream).not.toHaveProperty('req')
  expect(stream).not.toHaveProperty('statusMessage')
})
