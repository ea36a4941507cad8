import { badOption } from '../core/errors.js'
import { checkWrapSdkOptions } from './call-options.js'
import type { RunOptions } from './run.js'
import { isTokenSource, type TokenSource } from './token-source.js'

/** The same methods without their first parameter, the token; what lies below them alike. */
export type SdkWithoutToken<Sdk> = {
  readonly [Key in keyof Sdk]: Sdk[Key] extends (token: string, ...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : Sdk[Key] extends object
      ? SdkWithoutToken<Sdk[Key]>
      : Sdk[Key]
}

/** Options of `wrapSdk`. */
export interface WrapSdkOptions {
  /** Finds WeCom's errcode in what a method resolved with or threw, where it stands elsewhere. */
  readonly errcodeOf?: RunOptions['errcodeOf']
}

/**
 * Turns an SDK whose methods take the token first into one whose methods take none: each call gets
 * the current token, and is made once more with a newer one if WeCom refused it. The method's name
 * is the endpoint that rests if it is refused for ever. The SDK itself is left as it is.
 *
 * @throws `bad_options` if it is not an object and a token source, or an option is wrong.
 * @example
 * const wecom = wrapSdk(sdk, source)
 * await wecom.message.send(message)   // sdk.message.send(token, message)
 */
export function wrapSdk<Sdk extends object>(
  sdk: Sdk,
  source: TokenSource,
  options: WrapSdkOptions = {},
): SdkWithoutToken<Sdk> {
  if (typeof sdk !== 'object' || sdk === null) throw badOption('sdk', 'an object with methods', sdk)
  if (!isTokenSource(source)) throw badOption('source', 'a token source', source)
  checkWrapSdkOptions(options)
  return wrapped(sdk, source, options, '') as SdkWithoutToken<Sdk>
}

function wrapped(
  target: object,
  source: TokenSource,
  options: WrapSdkOptions,
  path: string,
): object {
  // By value, so that what a getter makes anew each time is forgotten; and by name, which rests.
  const known = new WeakMap<object, Map<string, unknown>>()
  // Intentionally not a proxy of the SDK itself: a frozen one may not answer with other functions.
  return new Proxy(
    {},
    {
      has: (_nothing, key) => Reflect.has(target, key),
      get(_nothing, key) {
        const value: unknown = Reflect.get(target, key)
        const isWrapped =
          typeof value === 'function' || (typeof value === 'object' && value !== null)
        if (!isWrapped || typeof key === 'symbol') return value
        const names = known.get(value) ?? new Map<string, unknown>()
        const before = names.get(key)
        if (before !== undefined) return before
        const endpoint = path === '' ? key : `${path}/${key}`
        const now =
          typeof value === 'function'
            ? (...args: unknown[]) =>
                source.run((token) => Reflect.apply(value, target, [token, ...args]), {
                  endpoint,
                  ...options,
                })
            : wrapped(value as object, source, options, endpoint)
        known.set(value, names.set(key, now))
        return now
      },
    },
  )
}
