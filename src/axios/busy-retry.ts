import type { AxiosError, AxiosResponse } from 'axios'
import { type Check, check, isListOf, isText } from '../core/check.js'
import { errcodeOfHeader, errcodeOfOutcome } from '../core/errcode.js'
import { BUSY_ERRCODES } from '../wecom/errcodes.js'

export interface BusyRetryOptions {
  /**
   * How often a busy call is sent again; WeCom allows three.
   * @default 3
   */
  readonly retries?: number
  /**
   * Methods that are sent again, in whatever case. A POST may be done twice: WeCom does not say whether a busy answer
   * means that nothing was done.
   * @default ['get']
   */
  readonly methods?: readonly string[]
}

/** As axios-retry takes it. Declared here, because only its users have axios-retry's own types. */
export interface BusyRetryConfig {
  readonly retries: number
  readonly retryDelay: (times: number) => number
  readonly retryCondition: (error: AxiosError) => boolean
  readonly validateResponse: (response: AxiosResponse) => boolean
}

/**
 * Options for an axios-retry of your own: sends calls again that WeCom answered with -1, 45033,
 * 45035, 6000, or the "try again later" of a single product, and network errors, with growing
 * jittered delays. When the tries are used up the busy answer is the answer. 45036 (abnormal traffic)
 * is never sent again. Spread it to change a part.
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
  const isOneOfThem = (method: string | undefined) => lowerCase.has((method ?? 'get').toLowerCase())

  return {
    retries,
    retryDelay: (times) => 250 * 2 ** (times - 1) * (1 + 0.5 * Math.random()),
    retryCondition: ({ config, response, code }: AxiosError) => {
      if (!isOneOfThem(config?.method)) return false
      return response === undefined ? NETWORK_TROUBLE.has(code) : isBusy(response)
    },
    // axios-retry sends every answer down its rejected path first; this one gives the rest back.
    validateResponse: (response: AxiosResponse) => {
      const { status, config } = response
      const isAnswer = status >= 200 && status < 300
      const tried =
        (config as { 'axios-retry'?: { retryCount?: number } })['axios-retry']?.retryCount ?? 0
      return isAnswer && !(isBusy(response) && isOneOfThem(config.method) && tried < retries)
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

const NETWORK_TROUBLE = new Set<string | undefined>([
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
