import type { Clock } from './clock.js'

/**
 * How one caller waits for a shared promise. After the caller aborts, the promise holds no
 * reference to it, however long it takes.
 */
export type Join = <T>(shared: Promise<T>) => Promise<T>

/**
 * A promise of one caller alone, or a function that creates it and waits for shared ones by `join`.
 */
export type Awaitable<T> = Promise<T> | ((join: Join) => Promise<T>)

/** Waits until the signal is aborted; the awaited work continues (rule 11). */
export function waitFor<T>(
  awaited: Awaitable<T>,
  signal: AbortSignal | null | undefined,
): Promise<T> {
  if (signal == null) return untilSettled(awaited)
  return unlessAborted(awaited, (abort) => {
    const onAborted = () => abort(reasonOf(signal))
    if (signal.aborted) onAborted()
    return onAbort(signal, onAborted)
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
    // Intentionally ignored: an error of the user's function must not fail a call.
  }
}

function ignore(): void {}

export function untilSettled<T>(awaited: Awaitable<T>): Promise<T> {
  return typeof awaited === 'function' ? awaited((shared) => shared) : awaited
}

/**
 * Settles like `awaited`, unless `abort` is called first. Attaches the promise's handlers before
 * `listen`, which may throw on a caller's signal: the rejection would otherwise be unhandled.
 */
export function unlessAborted<T>(
  awaited: Awaitable<T>,
  listen: (abort: (reason: unknown) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let hasSettled = false
    let leave = () => {}
    let stopListening = () => {}
    const end = () => {
      hasSettled = true
      leave()
      stopListening()
    }
    const join: Join = (shared) =>
      new Promise((resolve, reject) => {
        leave = addWaiter(shared, { resolve: resolve as (value: unknown) => void, reject })
        if (hasSettled) leave()
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
    const abort = (reason: unknown) => {
      end()
      reject(reason)
    }
    stopListening = listen(abort)
    // `listen` may have aborted before it returned.
    if (hasSettled) stopListening()
  })
}

interface Waiter {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** By identity: an entry is collected with its promise, or removed when that settles. */
const waiting = new WeakMap<Promise<unknown>, Set<Waiter>>()

/** One handler on the promise for all waiters. Returns a function that removes this waiter. */
function addWaiter(shared: Promise<unknown>, waiter: Waiter): () => void {
  const waiters = waiting.get(shared) ?? createWaiters(shared)
  waiters.add(waiter)
  return () => void waiters.delete(waiter)
}

function createWaiters(shared: Promise<unknown>): Set<Waiter> {
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

/** Like `signal.throwIfAborted`, which Jest's jsdom and older runtimes lack. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw reasonOf(signal)
}

export interface ControllerBelow extends AbortController {
  /** Stops following the parent. */
  release(): void
}

/**
 * A controller that is aborted with `parent` until it is released. Unlike `AbortSignal.any`, which
 * Next.js' edge runtime and Jest's jsdom lack, it can be released.
 */
export function controllerBelow(parent: AbortSignal): ControllerBelow {
  const controller = new AbortController()
  const abort = () => controller.abort(reasonOf(parent))
  if (parent.aborted) abort()
  return Object.assign(controller, { release: onAbort(parent, abort) })
}

/** The reason of an aborted signal, as fetch rejects with it: a polyfill's signal may have none. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError')
}

/** Runs within a deadline. `awaited`: what the error message names as late. */
export type WithinDeadline = <T>(
  run: (signal: AbortSignal) => Promise<T>,
  awaited?: string,
) => Promise<T>

/**
 * One deadline for several steps: the time of each step is subtracted for the next. Time between
 * the steps, e.g. for the parent's token with its own deadline, does not count.
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

/** Aborts the signal of `run` after `timeoutMs`, or when the source is closed. */
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
    // A function that ignores the signal must not block all callers.
    return await waitFor(run(signal), signal)
  } finally {
    cancel()
    controller.release()
  }
}

/**
 * Calls back when a signal is aborted, and returns a function that stops this. A signal gets one
 * listener, however many calls share it: Node reports many listeners as a leak, and raising its
 * limit would repeat the warnings about others' listeners.
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

/** By identity: an entry is collected with its signal, or removed with the last callback. */
const listening = new WeakMap<AbortSignal, Listening>()

function listenTo(signal: AbortSignal): Listening {
  const callbacks = new Set<() => void>()
  const listener = () => {
    stop()
    for (const callback of callbacks) callback()
  }
  const stop = () => {
    // A polyfill's signal may lack it.
    signal.removeEventListener?.('abort', listener)
    if (listening.get(signal) === entry) listening.delete(signal)
  }
  const entry = { callbacks, stop }
  signal.addEventListener('abort', listener)
  listening.set(signal, entry)
  return entry
}
