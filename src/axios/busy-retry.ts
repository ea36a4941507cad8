import type { AxiosError, AxiosResponse } from 'axios'
import { type Check, check, isListOf, isText } from '../core/check.js'
import { errcodeOfHeader, errcodeOfOutcome } from '../core/errcode.js'
import { BUSY_ERRCODES } from '../wecom/errcodes.js'

export interface BusyRetryOptions {
  /**
   * How often a busy request is sent again; WeCom allows three.
   * @default 3
   */
  readonly retries?: number
  /**
   * Methods that are retried, in any case. A POST may be executed twice: WeCom does not say whether a
   * busy answer means that nothing was done.
   * @default ['get']
   */
  readonly methods?: readonly string[]
}

/** A config of axios-retry. Declared here, because only its users have axios-retry's own types. */
export interface BusyRetryConfig {
  readonly retries: number
  readonly retryDelay: (times: number) => number
  readonly retryCondition: (error: AxiosError) => boolean
  readonly validateResponse: (response: AxiosResponse) => boolean
}

/**
 * Options for your own axios-retry: retries requests that WeCom answered with -1, 45033, 45035, 6000
 * or the "try again later" of a single product, and network errors, with growing jittered delays.
 * When the retries are used up, you get the busy answer. 45036 (abnormal traffic) is never retried.
 * Spread it to change a part.
 *
 * @throws `bad_options` if an option is wrong, or a key is unknown.
 * @example
 * axiosRetry(client, busyRetry())
 * attachToken(client, { corpId, corpSecret })
 */
export function busyRetry(options: BusyRetryOptions = {}): BusyRetryConfig {
  check(options, CHECKS, 'options of busyRetry')
  const { retries = 3, methods = ['get'] } = options
  const lowerCase = new Set(methods.map((method) => method.toLowerCase()))
  const isRetried = (method: string | undefined) => lowerCase.has((method ?? 'get').toLowerCase())

  return {
    retries,
    retryDelay: (times) => 250 * 2 ** (times - 1) * (1 + 0.5 * Math.random()),
    retryCondition: ({ config, response, code }: AxiosError) => {
      if (!isRetried(config?.method)) return false
      return response === undefined ? NETWORK_ERRORS.has(code) : isBusy(response)
    },
    // With validateResponse, axios-retry rejects every answer first; `true` makes it a result again.
    validateResponse: (response: AxiosResponse) => {
      const { status, config } = response
      const isAnswer = status >= 200 && status < 300
      const tried =
        (config as { 'axios-retry'?: { retryCount?: number } })['axios-retry']?.retryCount ?? 0
      return isAnswer && !(isBusy(response) && isRetried(config.method) && tried < retries)
    },
  }
}

const CHECKS: Readonly<Record<keyof BusyRetryOptions, Check>> = {
  retries: [
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    'a whole number from 0 up',
  ],
  methods: [isListOf(isText), "an array of methods, e.g. ['get', 'post']"],
}

const NETWORK_ERRORS = new Set<string | undefined>([
  'ECONNRESET',
  'ECONNREFUSED',
  'ENETDOWN',
  'ENETUNREACH',
  'EAI_AGAIN',
  'EPIPE',
])

function isBusy({ data, headers }: AxiosResponse): boolean {
  const errcode = errcodeOfHeader(headers?.['error-code']) ?? errcodeOfOutcome(data)
  return BUSY_ERRCODES.some((code) => code === errcode)
}
