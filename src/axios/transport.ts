import axios, {
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  type AxiosStatic,
} from 'axios'
import axiosRetry from 'axios-retry'
import { delayBeforeTry, TRIES } from '../core/backoff.js'
import type { TokenAnswer, Transport } from '../core/transport.js'

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
 * @example
 * const source = createTokenSource(credential, { transport: axiosTransport(clientWithProxy) })
 */
export function axiosTransport(client: AxiosInstance, lib: AxiosStatic = axios): Transport {
  return async (request, { signal, shouldTryAgain }) => {
    const road = roadOf(client)
    const body = request.body === undefined ? {} : { data: request.body, headers: JSON_BODY }
    const { method, url } = request
    try {
      return answerOf(
        await tokenClient(lib, shouldTryAgain).request({ method, url, signal, ...body, ...road }),
      )
    } catch (error) {
      // After its last try axios-retry rejects with whatever came; that is an answer too.
      if (lib.isAxiosError(error) && error.response !== undefined) return answerOf(error.response)
      throw error
    }
  }
}

const JSON_BODY = { 'Content-Type': 'application/json' }

/** An instance without anyone's defaults, which retries as every transport does. */
function tokenClient(
  lib: AxiosStatic,
  shouldTryAgain: (answer: TokenAnswer) => boolean,
): AxiosInstance {
  const client = lib.create()
  for (const key of Object.keys(client.defaults))
    delete client.defaults[key as keyof typeof client.defaults]
  Object.assign(client.defaults, {
    headers: { Accept: 'application/json, text/plain, */*' },
    responseType: 'text',
    transformResponse: [(data: unknown) => data],
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
    const value = (defaults as Record<string, unknown>)[key]
    if (value !== undefined) road[key] = value
  }
  road.fetchOptions = { ...(road.fetchOptions as object), redirect: 'manual' }
  return road
}

/** Mock adapters answer with objects. */
function answerOf({ status, data }: AxiosResponse): TokenAnswer {
  return { status, body: typeof data === 'string' ? data : (JSON.stringify(data) ?? '') }
}
