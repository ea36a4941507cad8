import { Readable } from 'node:stream'
import { afterEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/platform.js'
import { peekNodeStream } from '../../src/request/peek-node-stream.js'
import { peekWebStream } from '../../src/request/peek-web-stream.js'

/** Jest replaces all of these; Node's own streams have another `process` there, as vitest itself needs it. */
function freeze(): void {
  vi.useFakeTimers()
  const { nextTick } = process
  const { queueMicrotask } = globalThis
  const isOurs = () => String(new Error().stack).includes('/src/')
  vi.spyOn(process, 'nextTick').mockImplementation((callback, ...args) => {
    if (!isOurs()) nextTick(callback, ...args)
  })
  vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => {
    if (!isOurs()) queueMicrotask(callback)
  })
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const fired = () => new Promise<string>((resolve) => systemClock.after(1, () => resolve('fired')))

it("a test's fake timers do not stop our timers if they were installed after the import", async () => {
  freeze()
  expect(await fired()).toBe('fired')
})

it("a test's fake timers do not stop peeking into a stream", async () => {
  const web = new Blob(['{"errcode":0}']).stream()
  const node = new Readable({ read() {} })
  const unfinished = new ReadableStream<Uint8Array<ArrayBuffer>>()
  node.push('{"errcode":0}')
  node.push(null)
  freeze()
  expect((await peekWebStream(web)).bytes).toHaveLength(13)
  expect(await peekNodeStream(node)).toHaveLength(13)
  expect((await peekWebStream(unfinished)).bytes).toBeUndefined()
})

it("a test's fake timers do not stop our timers if they were installed before the import, on another global", async () => {
  vi.resetModules()
  const { setTimeout, clearTimeout } = globalThis
  Object.assign(globalThis, { setTimeout: () => 0, clearTimeout: () => {} })
  try {
    const { systemClock: later } = await import('../../src/core/platform.js')
    expect(await new Promise((resolve) => later.after(1, () => resolve('fired')))).toBe('fired')
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout })
    vi.resetModules()
  }
})

it("a test's fake timers let a token expire by the time that they report", () => {
  vi.useFakeTimers({ now: 5_000 })
  expect(systemClock.wall()).toBe(5_000)
  const before = systemClock.monotonic()
  vi.advanceTimersByTime(7_000_000)
  expect(systemClock.wall()).toBe(7_005_000)
  expect(systemClock.monotonic() - before).toBe(7_000_000)
})
