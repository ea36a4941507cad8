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
  type TransportContext,
} from '../core/transport.js'
import { checkAxios, checkClient } from './client.js'
import type { AxiosClient } from './options.js'
import { guardedTransport } from './redirects.js'

/** Rule 12: a client's own network settings. Token requests use nothing else of its defaults. */
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

/** The `fetchOptions` of a connection: undici's, node-fetch's, Deno's and Bun's. */
const FETCH_CONNECTION_KEYS = ['dispatcher', 'agent', 'client', 'proxy', 'tls', 'unix'] as const

/** Settings of token requests, besides the client's own network settings. */
export interface AxiosTransportOptions extends TokenRequestOptions {
  /**
   * Basic authentication for a gateway in between.
   * @default none
   */
  readonly auth?: { readonly username: string; readonly password: string }
  /**
   * The copy of axios to use, if the client comes from another copy.
   * @default the axios that this package imports
   */
  readonly axios?: AxiosStatic
}

/**
 * Sends token requests with an axios client's own network settings, read for each request, through
 * a separate axios instance without your interceptors. axios-retry makes its quick retries.
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
  return async (request, { signal, ...context }) => {
    // The query as params, so that mock adapters can match the url.
    const { origin, pathname, searchParams } = new URL(request.url)
    const address = { url: `${origin}${pathname}`, params: Object.fromEntries(searchParams) }
    const type = request.body === undefined ? {} : JSON_TYPE
    const headers = { ...ofRequest.headers, ...FRESH_HEADERS, ...type }
    const config = { ...ofRequest, ...address, headers, data: request.body, signal }
    const redirect: Redirect = {}
    try {
      const response = await fresh((init) =>
        tokenClient(lib, connectionOf(client, init), redirect, context).request({
          ...config,
          method: request.method,
        }),
      )
      return answerOf(response)
    } catch (error) {
      if (redirect.status !== undefined) return { status: redirect.status, body: '' }
      // After the last try axios-retry rejects also where there is a response.
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

/** Set if the response was a redirect. */
interface Redirect {
  status?: number
}

/** An instance with no defaults but the connection's, which retries as every transport does. */
function tokenClient(
  lib: AxiosStatic,
  connection: AxiosRequestConfig,
  redirect: Redirect,
  { shouldTryAgain, beforeRetry }: Pick<TransportContext, 'shouldTryAgain' | 'beforeRetry'>,
): AxiosInstance {
  const client = lib.create()
  const defaults = client.defaults as Partial<typeof client.defaults>
  for (const key of Object.keys(defaults)) delete defaults[key as keyof typeof defaults]
  // Not `maxRedirects: 0`, with which broken gzip answers never end on axios before 1.16.
  const beforeRedirect: AxiosRequestConfig['beforeRedirect'] = (_options, response) => {
    // Axios before 1.6 passes no response.
    redirect.status = Number((response as Partial<typeof response> | undefined)?.statusCode ?? 302)
    throw new Error('A token request is never redirected.')
  }
  if (connection.transport)
    connection.transport = guardedTransport(connection.transport, {
      beforeRedirect,
      locationOf: () => undefined,
    })
  Object.assign(defaults, connection, {
    headers: { Accept: 'application/json, text/plain, */*' },
    responseType: 'text',
    beforeRedirect,
  })
  axiosRetry(client, {
    retries: TRIES - 1,
    retryDelay: delayBeforeTry,
    ...(beforeRetry && { onRetry: () => beforeRetry() }),
    validateResponse: (response) => !shouldTryAgain(answerOf(response)),
    retryCondition: (error) =>
      error.code !== 'ERR_CANCELED' && redirect.status === undefined && !frameworkError(error),
  })
  return client
}

function connectionOf({ defaults }: AxiosClient, init: object): AxiosRequestConfig {
  const given = defaults as Record<string, unknown>
  const fetchOptions = {
    ...picked(given.fetchOptions, FETCH_CONNECTION_KEYS),
    ...init,
    redirect: 'manual',
  }
  return { ...picked(given, CONNECTION_KEYS), fetchOptions }
}

/** Inherited properties count, too. */
function picked(from: unknown, keys: readonly string[]): Record<string, unknown> {
  const given = Object(from) as Record<string, unknown>
  const set = keys.filter((key) => given[key] !== undefined)
  return Object.fromEntries(set.map((key) => [key, given[key]]))
}

/** Mock adapters respond with objects. */
function answerOf({ status, data }: AxiosResponse): TokenAnswer {
  return { status, body: typeof data === 'string' ? data : (JSON.stringify(data) ?? '') }
}
