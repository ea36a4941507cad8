import axios, {
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  type AxiosStatic,
} from 'axios'
import axiosRetry from 'axios-retry'
import { checkTokenHeaders, isPlainObject } from '../core/check.js'
import { badOption } from '../core/errors.js'
import { frameworkError } from '../core/framework-error.js'
import {
  delayBeforeTry,
  FRESH_HEADERS,
  fresh,
  type TokenAnswer,
  type TokenRequestOptions,
  TRIES,
  type Transport,
} from '../core/transport.js'
import { checkClient } from './client.js'
import type { AxiosClient } from './options.js'
import { guardedTransport } from './redirects.js'
import { checkAxios } from './version.js'

/** A client's own network settings. Nothing else of its defaults reaches a token call. */
const CONNECTION_KEYS = [
  'adapter',
  'httpAgent',
  'httpsAgent',
  'proxy',
  'lookup',
  'family',
  'socketPath',
  'allowedSocketPaths',
  'transport',
  'insecureHTTPParser',
  'env',
  'httpVersion',
  'http2Options',
] as const

/** What of `fetchOptions` concerns the connection: undici's, node-fetch's, Deno's and Bun's. */
const FETCH_ROAD = ['dispatcher', 'agent', 'client', 'proxy', 'tls', 'unix'] as const

/** What token requests have beyond the client's own network settings. */
export interface AxiosTransportOptions extends TokenRequestOptions {
  /**
   * Basic authentication that a gateway on the way asks for.
   * @default none
   */
  readonly auth?: { readonly username: string; readonly password: string }
  /**
   * The copy of axios to use, where the client comes from another one.
   * @default the axios that this package imports
   */
  readonly axios?: AxiosStatic
}

/**
 * Sends token calls with an axios client's own network settings, read at call time, through an axios
 * instance of our own that nobody else intercepts. Its quick tries are axios-retry's.
 *
 * @throws `bad_options` if it is no axios instance.
 * @example
 * const source = createTokenSource(credential, { transport: axiosTransport(clientWithProxy) })
 */
export function axiosTransport(
  client: AxiosClient,
  options: AxiosTransportOptions = {},
): Transport {
  checkClient(client)
  const { lib, ...ofRequest } = checked(options)
  return async (request, { signal, shouldTryAgain }) => {
    // The query as params, so that mock adapters find the call by its url.
    const { origin, pathname, searchParams } = new URL(request.url)
    const address = { url: `${origin}${pathname}`, params: Object.fromEntries(searchParams) }
    const type = request.body === undefined ? {} : JSON_TYPE
    const headers = { ...ofRequest.headers, ...FRESH_HEADERS, ...type }
    const config = { ...ofRequest, ...address, headers, data: request.body, signal }
    const redirect: Redirect = {}
    try {
      const answered = await fresh((init) =>
        tokenClient(lib, roadOf(client, init), redirect, shouldTryAgain).request({
          ...config,
          method: request.method,
        }),
      )
      return answerOf(answered)
    } catch (error) {
      if (redirect.status !== undefined) return { status: redirect.status, body: '' }
      // After its last try axios-retry rejects with whatever came; that is an answer too.
      if (lib.isAxiosError(error) && error.response !== undefined) return answerOf(error.response)
      throw error
    }
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

function checked(options: AxiosTransportOptions) {
  if (!isPlainObject(options as unknown)) throw badOption('options', 'an object', options)
  const { axios: lib = axios, auth, ...others } = options
  checkAxios(lib)
  const { username, password } = auth ?? {}
  if (auth !== undefined && (typeof username !== 'string' || typeof password !== 'string'))
    throw badOption('auth', '{ username, password }, both texts', auth, true)
  return { lib, headers: checkTokenHeaders(others), ...(auth && { auth }) }
}

/** A redirect that came instead of an answer. */
interface Redirect {
  status?: number
}

/** An instance with nobody's defaults but the road, which retries as every transport does. */
function tokenClient(
  lib: AxiosStatic,
  road: AxiosRequestConfig,
  redirect: Redirect,
  shouldTryAgain: (answer: TokenAnswer) => boolean,
): AxiosInstance {
  const client = lib.create()
  const defaults = client.defaults as Partial<typeof client.defaults>
  for (const key of Object.keys(defaults)) delete defaults[key as keyof typeof defaults]
  // Not `maxRedirects: 0`, with which broken gzip answers never end on axios before 1.16.
  const beforeRedirect: AxiosRequestConfig['beforeRedirect'] = (_options, response) => {
    // Axios before 1.6 tells nothing of the response.
    redirect.status = Number((response as Partial<typeof response> | undefined)?.statusCode ?? 302)
    throw new Error('A token request is never redirected.')
  }
  if (road.transport)
    road.transport = guardedTransport(road.transport, {
      beforeRedirect,
      locationOf: () => undefined,
    })
  Object.assign(defaults, road, {
    headers: { Accept: 'application/json, text/plain, */*' },
    responseType: 'text',
    beforeRedirect,
  })
  axiosRetry(client, {
    retries: TRIES - 1,
    retryDelay: delayBeforeTry,
    validateResponse: (response) => !shouldTryAgain(answerOf(response)),
    retryCondition: (error) =>
      error.code !== 'ERR_CANCELED' && redirect.status === undefined && !frameworkError(error),
  })
  return client
}

function roadOf({ defaults }: AxiosClient, init: object): AxiosRequestConfig {
  const given = defaults as Record<string, unknown>
  const fetchOptions = { ...picked(given.fetchOptions, FETCH_ROAD), ...init, redirect: 'manual' }
  return { ...picked(given, CONNECTION_KEYS), fetchOptions }
}

/** Also what an object inherits. */
function picked(from: unknown, keys: readonly string[]): Record<string, unknown> {
  const given = Object(from) as Record<string, unknown>
  const set = keys.filter((key) => given[key] !== undefined)
  return Object.fromEntries(set.map((key) => [key, given[key]]))
}

/** Mock adapters answer with objects. */
function answerOf({ status, data }: AxiosResponse): TokenAnswer {
  return { status, body: typeof data === 'string' ? data : (JSON.stringify(data) ?? '') }
}
