import type { Clock } from './clock.js'

/**
 * How one caller waits for a promise that others wait for, too. Once it gave up, nothing of it is left
 * behind there, however long the promise takes.
 */
export type Join = <T>(shared: Promise<T>) => Promise<T>

/** A promise of one caller alone, or what makes it: shared promises are waited for by `join`. */
export type Awaitable<T> = Promise<T> | ((join: Join) => Promise<T>)

/** Waits only until the signal is aborted. What is waited for goes on. */
export function waitFor<T>(
  awaited: Awaitable<T>,
  signal: AbortSignal | null | undefined,
): Promise<T> {
  if (signal == null) return patiently(awaited)
  return unlessGivenUp(awaited, (giveUp) => {
    const abort = () => giveUp(reasonOf(signal))
    if (signal.aborted) abort()
    return onAbort(signal, abort)
  })
}

/** Hands a promise to the user's `waitUntil`, as one that never rejects. */
export function keepAlive(
  promise: Promise<unknown>,
  waitUntil: ((promise: Promise<void>) => void) | undefined,
): void {
  try {
    waitUntil?.(promise.then(ignore, ignore))
  } catch {
    // Intentionally: no call may fail because of what a user's function does.
  }
}

function ignore(): void {}

/** Waits for as long as it takes. */
export function patiently<T>(awaited: Awaitable<T>): Promise<T> {
  return typeof awaited === 'function' ? awaited((shared) => shared) : awaited
}

/**
 * Settles as what is awaited does, unless `giveUp` is called before. A promise gets its handlers first:
 * `listen` touches what a caller passed in, which may throw, and then the promise must not be left
 * without one.
 */
export function unlessGivenUp<T>(
  awaited: Awaitable<T>,
  listen: (giveUp: (reason: unknown) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let isOver = false
    let leave = () => {}
    let stopListening = () => {}
    const end = () => {
      isOver = true
      leave()
      stopListening()
    }
    const join: Join = (shared) =>
      new Promise((resolve, reject) => {
        leave = joining(shared, { resolve: resolve as (value: unknown) => void, reject })
        if (isOver) leave()
      })
    const own = typeof awaited === 'function' ? awaited(join) : awaited
    own.then(
      (value) => {
        end()
        resolve(value)
      },
      (error) => {
        end()
        reject(error)
      },
    )
    const giveUp = (reason: unknown) => {
      end()
      reject(reason)
    }
    stopListening = listen(giveUp)
    // It may have been given up before there was anything to stop.
    if (isOver) stopListening()
  })
}

interface Waiter {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** By identity: an entry goes with its promise, or when that settles. */
const waiting = new WeakMap<Promise<unknown>, Set<Waiter>>()

/** One reaction of the promise for all who wait. What it gives back ends the waiting of this one. */
function joining(shared: Promise<unknown>, waiter: Waiter): () => void {
  const waiters = waiting.get(shared) ?? waitersOf(shared)
  waiters.add(waiter)
  return () => void waiters.delete(waiter)
}

function waitersOf(shared: Promise<unknown>): Set<Waiter> {
  const waiters = new Set<Waiter>()
  waiting.set(shared, waiters)
  const over = () => waiting.delete(shared)
  shared.then(
    (value) => {
      over()
      for (const waiter of waiters) waiter.resolve(value)
    },
    (error) => {
      over()
      for (const waiter of waiters) waiter.reject(error)
    },
  )
  return waiters
}

/** As `signal.throwIfAborted`, which Jest's jsdom and older runtimes lack. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw reasonOf(signal)
}

export interface ControllerBelow extends AbortController {
  /** From now on the parent's abort is not its own. */
  release(): void
}

/**
 * A controller that is aborted with `parent`, until it is released: `AbortSignal.any` with an end.
 * The edge runtime of Next.js and Jest's jsdom lack that.
 */
export function controllerBelow(parent: AbortSignal): ControllerBelow {
  const controller = new AbortController()
  const abort = () => controller.abort(reasonOf(parent))
  if (parent.aborted) abort()
  return Object.assign(controller, { release: onAbort(parent, abort) })
}

/** Why a signal was aborted, as fetch would tell it: a polyfill's signal may not say. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError')
}

/** Runs for as long as there is time. `awaited`: what was not there in time, in words. */
export type WithinDeadline = <T>(
  run: (signal: AbortSignal) => Promise<T>,
  awaited?: string,
) => Promise<T>

/**
 * One deadline for all that is run within it, one after the other: what one takes is missing to the
 * next. What is waited for in between, which has a deadline of its own, does not count.
 */
export function sharedDeadline(
  { clock, timeoutMs }: { clock: Clock; timeoutMs: number },
  closed: AbortSignal,
): WithinDeadline {
  let leftMs = timeoutMs
  return async (run, awaited = 'answer') => {
    const beganAtMs = clock.monotonic()
    try {
      const late = new Error(`no ${awaited} within ${timeoutMs} ms`)
      return await withinDeadline(run, { clock, timeoutMs: leftMs, late }, closed)
    } finally {
      leftMs = Math.max(0, leftMs - (clock.monotonic() - beganAtMs))
    }
  }
}

/** Runs until it is done, `timeoutMs` are over, or the source is closed: then its signal is aborted. */
async function withinDeadline<T>(
  run: (signal: AbortSignal) => Promise<T>,
  { clock, timeoutMs, late }: { clock: Clock; timeoutMs: number; late: Error },
  closed: AbortSignal,
): Promise<T> {
  throwIfAborted(closed)
  const controller = controllerBelow(closed)
  const { signal } = controller
  const cancel = clock.after(timeoutMs, () => controller.abort(late))
  try {
    // What does not heed the signal must not hold everyone up.
    return await waitFor(run(signal), signal)
  } finally {
    cancel()
    controller.release()
  }
}

/**
 * Calls back when a signal is aborted; what it gives back ends that. However many calls wait behind a
 * signal, it has one listener of ours, which is less than the calls themselves have: Node takes many
 * for a leak, and to raise its limit makes it warn of others' once more.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const { callbacks, stop } = listening.get(signal) ?? listenTo(signal)
  callbacks.add(callback)
  return () => {
    callbacks.delete(callback)
    if (callbacks.size === 0) stop()
  }
}

interface Listening {
  readonly callbacks: Set<() => void>
  stop(): void
}

/** By identity: an entry goes with its signal, or with the last call behind it. */
const listening = new WeakMap<AbortSignal, Listening>()

function listenTo(signal: AbortSignal): Listening {
  const callbacks = new Set<() => void>()
  const listener = () => {
    stop()
    for (const callback of callbacks) callback()
  }
  const stop = () => {
    // A polyfill's may not have it.
    signal.removeEventListener?.('abort', listener)
    if (listening.get(signal) === entry) listening.delete(signal)
  }
  const entry = { callbacks, stop }
  signal.addEventListener('abort', listener)
  listening.set(signal, entry)
  return entry
}
