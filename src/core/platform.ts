import { LONGEST_TIMER_MS } from './check.js'
import type { Clock } from './clock.js'
import type { EventChannel } from './events.js'
import { type HourlyCalls, hourlyCalls } from './hourly-calls.js'
import { fetchTransport, type Transport } from './transport.js'

/** What a source needs of its runtime. No other file of core uses globals. */
export interface Platform {
  readonly clock: Clock
  readonly transport: Transport
  /** SHA-256 of a text, in hex. */
  hash(text: string): Promise<string>
  /** A number from 0 to 1. */
  random(): number
  /** 32 unpredictable characters. */
  nonce(): string
  /** Calls of all sources of this process: WeCom counts by app and corp. */
  hourlyCalls(clock: Clock): HourlyCalls
  /** `host:pid`, so that operators find the process. */
  processName(): string
  /** A variable of the environment, if it exists and may be read. */
  readEnv(name: string): string | undefined
  /** One line on stderr. */
  printLine(line: string): void
  /** A channel of `node:diagnostics_channel`, where the runtime has it. */
  channel(name: string): EventChannel | undefined
}

/**
 * Captured when the module loads, from Node's own module if there is one: a test's fake timers
 * replace the globals, and would stop requests to a real server. The clocks still read the faked
 * time, so that a test can let a token expire.
 */
const { setTimeout, clearTimeout } =
  builtin(() => process.getBuiltinModule('node:timers')) ?? globalThis

/** A module of Node's; `undefined` without Node, and in Next.js' edge runtime, where it throws. */
function builtin<T>(module: () => T): T | undefined {
  try {
    return module()
  } catch {
    return undefined
  }
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback, { isBackground = false } = {}) {
    // Other timers are intentionally not unref'd: a caller waits for each, or a request whose
    // socket keeps the process alive and that this timer ends.
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_TIMER_MS))
    if (isBackground) (timer as { unref?: () => void }).unref?.()
    return () => clearTimeout(timer)
  },
}

export const platform = {
  clock: systemClock,
  transport: fetchTransport((input, init) => globalThis.fetch(input, init)),
  hash: (text: string) => digest('SHA-256', text),
  random: Math.random,
  /** SHA-1 in hex, only for WeCom's page signatures and Redis' script names. */
  sha1: (text: string) => digest('SHA-1', text),
  nonce: () => hexOf(crypto.getRandomValues(new Uint8Array(16))),
  hourlyCalls: oncePerClock(hourlyCalls),
  processName,
  readEnv,
  printLine,
  channel,
  emitWarning,
  isUndici,
} satisfies Platform & Record<string, unknown>

function oncePerClock<T>(make: (clock: Clock) => T): (clock: Clock) => T {
  const made = new WeakMap<Clock, T>()
  return (clock) => {
    const one = made.get(clock) ?? make(clock)
    made.set(clock, one)
    return one
  }
}

async function digest(algorithm: string, text: string): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest(algorithm, bytesOf(text))))
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function processName(): string {
  try {
    return `${process.getBuiltinModule('node:os').hostname()}:${process.pid}`
  } catch {
    return 'unknown'
  }
}

/** Whether the runtime's own fetch is undici, as in Node. */
function isUndici(): boolean {
  try {
    return globalThis.process.versions.undici !== undefined
  } catch {
    return false
  }
}

function readEnv(name: string): string | undefined {
  try {
    // Deno would ask its user for permission.
    const { Deno } = globalThis as { Deno?: DenoPermissions }
    const permission = Deno?.permissions?.querySync?.({ name: 'env', variable: name })
    return permission?.state === 'prompt' ? undefined : globalThis.process?.env?.[name]
  } catch {
    return undefined
  }
}

interface DenoPermissions {
  readonly permissions?: {
    querySync?(asked: { name: 'env'; variable: string }): { state: string }
  }
}

function printLine(line: string): void {
  try {
    globalThis.process.stderr.write(`${line}\n`)
  } catch {
    console.error(line)
  }
}

function channel(name: string): EventChannel | undefined {
  return builtin(() => process.getBuiltinModule('node:diagnostics_channel'))?.channel(name)
}

/** A Node warning, which users can silence or trace by its code. */
function emitWarning(message: string, code: string): void {
  try {
    globalThis.process.emitWarning(message, 'QyapiTokenWarning', code)
  } catch {
    console.warn(`[${code}] ${message}`)
  }
}

/** AES-256-GCM with a key of 32 bytes. Decrypts only with the same `context`. */
export function aesGcm(key: Uint8Array<ArrayBuffer>) {
  const { subtle } = crypto
  const ivBytes = 12
  const imported = subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])
  return {
    /** SHA-256 of the key, to identify it. */
    hash: subtle.digest('SHA-256', key).then((bytes) => new Uint8Array(bytes)),
    /** Resolves with the random IV and the encrypted bytes. */
    async seal(text: string, context: string): Promise<Uint8Array> {
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
      const how = { name: 'AES-GCM', iv, additionalData: bytesOf(context) }
      const sealed = new Uint8Array(await subtle.encrypt(how, await imported, bytesOf(text)))
      return Uint8Array.of(...iv, ...sealed)
    },
    /** Rejects if the bytes were not encrypted with this key and context. */
    async open(bytes: Uint8Array<ArrayBuffer>, context: string): Promise<string> {
      const iv = bytes.subarray(0, ivBytes)
      const how = { name: 'AES-GCM', iv, additionalData: bytesOf(context) }
      const opened = await subtle.decrypt(how, await imported, bytes.subarray(ivBytes))
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(opened)
    },
  }
}

/** Encodes UTF-8. Jest's jsdom has neither an encoder nor a decoder, but Node's Buffer. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return typeof TextEncoder === 'undefined'
    ? Uint8Array.from(Buffer.from(text))
    : new TextEncoder().encode(text)
}

const UTF_8 = typeof TextDecoder === 'undefined' ? undefined : new TextDecoder()

/** Decodes UTF-8. */
export function textOf(bytes: Uint8Array): string {
  return UTF_8 === undefined ? Buffer.from(bytes).toString() : UTF_8.decode(bytes)
}
