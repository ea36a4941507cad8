import type { Language } from '../language.js'

/** One finding of the doctor. */
export interface Line {
  /** What was looked at: a stable name. */
  readonly check: string
  /** `ok`; `warn`: it works, but look at it; `fail`: it does not work. */
  readonly status: 'ok' | 'warn' | 'fail'
  readonly found: string
  /** What to do. */
  readonly remedy?: string
}

/** Picks the text in the user's language. */
export type Say = (english: string, chinese: string) => string

export const sayIn =
  (language: Language): Say =>
  (english, chinese) =>
    language === 'zh' ? chinese : english

export const ok = (check: string, found: string): Line => ({ check, status: 'ok', found })

export const warn = (check: string, found: string, remedy: string): Line => ({
  check,
  status: 'warn',
  found,
  remedy,
})

export const fail = (check: string, found: string, remedy: string): Line => ({
  check,
  status: 'fail',
  found,
  remedy,
})

/** What went wrong in one step, without a stack. */
export interface Failure {
  readonly code: string
  readonly message: string
}

export function failureOf(error: unknown): Failure {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  return {
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' && message !== '' ? message : String(code ?? error),
  }
}

/** No step may hold up the others. */
export const STEP_TIMEOUT_MS = 5_000

/** The result, or an error with the code ETIMEDOUT after five seconds. */
export function inTime<T>(promise: Promise<T>, timeoutMs = STEP_TIMEOUT_MS): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_resolve, reject) => {
    const error = Object.assign(new Error(`no answer within ${timeoutMs} ms`), {
      code: 'ETIMEDOUT',
    })
    timer = setTimeout(() => reject(error), timeoutMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
