import axios, {
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  type AxiosStatic,
} from 'axios'
import importedRetry from 'axios-retry'
import { delayBeforeTry, TRIES } from '../core/backoff.js'
import type { TokenAnswer, Transport } from '../core/transport.js'
import { checkAxios, checkClient } from './client.js'

/** Inside the CommonJS build the default import is the exports object that holds it. */
const axiosRetry: typeof importedRetry =
  (importedRetry as { default?: typeof importedRetry }).default ?? importedRetry

/** What makes up a client's road to the network. Nothing else of its defaults reaches a token call. */
const ROAD = [
  'adapter',
  'httpAgent',
  'httpsAgent',
  'proxy',
  'lookup',
  'family',
  'socketPath',
  'env',
  'fetchOptions',
] as const

/**
 * Sends token calls by an axios client's own road, read at call time, through an axios instance of
 * our own that nobody else intercepts. Its quick tries are axios-retry's.
 *
 * @throws `bad_options` if it is no axios instance.
 * @example
 * const source = createTokenSource(credential, { transport: axiosTransport(clientWithProxy) })
 */
export function axiosTransport(client: AxiosInstance, lib: AxiosStatic = axios): Transport {
  checkClient(client)
  checkAxios(lib)
  return async (request, { signal, shouldTryAgain }) => {
    const body = request.body === undefined ? {} : { data: request.body, headers: JSON_BODY }
    // The query as params, so that mock adapters find the call by its url.
    const { origin, pathname, searchParams } = new URL(request.url)
    const address = { url: `${origin}${pathname}`, params: Object.fromEntries(searchParams) }
    try {
      const ours = tokenClient(lib, roadOf(client), shouldTryAgain)
      return answerOf(await ours.request({ method: request.method, signal, ...address, ...body }))
    } catch (error) {
      // After its last try axios-retry rejects with whatever came; that is an answer too.
      if (lib.isAxiosError(error) && error.response !== undefined) return answerOf(error.response)
      throw error
    }
  }
}

const JSON_BODY = { 'Content-Type': 'application/json' }

/** An instance with nobody's defaults but the road, which retries as every transport does. */
function tokenClient(
  lib: AxiosStatic,
  road: AxiosRequestConfig,
  shouldTryAgain: (answer: TokenAnswer) => boolean,
): AxiosInstance {
  const client = lib.create()
  const defaults = client.defaults as Partial<typeof client.defaults>
  for (const key of Object.keys(defaults)) delete defaults[key as keyof typeof defaults]
  Object.assign(defaults, road, {
    headers: { Accept: 'application/json, text/plain, */*' },
    responseType: 'text',
    maxRedirects: 0,
  })
  axiosRetry(client, {
    retries: TRIES - 1,
    retryDelay: delayBeforeTry,
    validateResponse: (response) => !shouldTryAgain(answerOf(response)),
    retryCondition: ({ code }) => code !== 'ERR_CANCELED',
  })
  return client
}

function roadOf({ defaults }: AxiosInstance): AxiosRequestConfig {
  const road: Record<string, unknown> = {}
  for (const key of ROAD) {
    road[key] = (defaults as Record<string, unknown>)[key]
  }
  road.fetchOptions = { ...(road.fetchOptions as object), redirect: 'manual' }
  return road
}

/** Mock adapters answer with objects. */
function answerOf({ status, data }: AxiosResponse): TokenAnswer {
  return { status, body: typeof data === 'string' ? data : (JSON.stringify(data) ?? '') }
}
