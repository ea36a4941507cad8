import { badOption } from '../core/errors.js'
import type { RunOptions } from './run.js'
import { isTokenSource, type TokenSource } from './token-source.js'

/** The same methods without their first parameter, the token; nested objects likewise. */
export type SdkWithoutToken<Sdk> = {
  readonly [Key in keyof Sdk]: Sdk[Key] extends (token: string, ...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : Sdk[Key] extends object
      ? SdkWithoutToken<Sdk[Key]>
      : Sdk[Key]
}

/** Options of `wrapSdk`. */
export interface WrapSdkOptions {
  /**
   * Finds WeCom's errcode in what a method resolved with or threw, if it is in an unusual place.
   */
  readonly errcodeOf?: RunOptions['errcodeOf']
}

/**
 * Wraps an SDK whose methods take the token as first parameter, so that you call them without it:
 * each call gets the current token, and is replayed once with a newer one if WeCom refused it. The
 * method's name is the endpoint that cools down if it keeps being refused. The SDK itself is not
 * changed.
 *
 * @throws `bad_options` if it is not an object and a token source.
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
  return wrapped(sdk, source, options, '') as SdkWithoutToken<Sdk>
}

function wrapped(
  target: object,
  source: TokenSource,
  options: WrapSdkOptions,
  path: string,
): object {
  // Intentionally not a proxy of the SDK itself: the proxy of a frozen object must return its own
  // values.
  return new Proxy(
    {},
    {
      has: (_nothing, key) => Reflect.has(target, key),
      get(_nothing, key) {
        const value: unknown = Reflect.get(target, key)
        const isWrapped =
          typeof value === 'function' || (typeof value === 'object' && value !== null)
        if (!isWrapped || typeof key === 'symbol') return value
        const endpoint = path === '' ? key : `${path}/${key}`
        if (typeof value !== 'function') return wrapped(value as object, source, options, endpoint)
        return (...args: unknown[]) =>
          source.run((token) => Reflect.apply(value, target, [token, ...args]), {
            endpoint,
            ...options,
          })
      },
    },
  )
}
