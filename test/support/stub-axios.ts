import axios, {
  type AxiosInstance,
  type AxiosResponse,
  type CreateAxiosDefaults,
  type InternalAxiosRequestConfig,
} from 'axios'
import { type AxiosMiddlewareOptions, attachToken } from '../../src/axios.js'
import { type Given, sourceWith } from './source.js'

export const API = 'https://qyapi.weixin.qq.com/cgi-bin'
export const OK = '{"errcode":0}'
export const REFUSED = '{"errcode":42001,"errmsg":"access_token expired"}'

type Config = InternalAxiosRequestConfig

/** The response of an adapter. */
export function answer(data: unknown, headers: object = {}, more: object = {}) {
  return (config: Config) =>
    ({ data, status: 200, statusText: 'OK', headers, config, ...more }) as AxiosResponse
}

/** An attached client with an adapter that the test answers; its tokens are `token-1`, `token-2`, … */
export function stubAxios(
  respond: (config: Config, count: number) => unknown = answer(OK),
  {
    defaults = { baseURL: API },
    options = {},
    tokens = (count) => `token-${count}`,
    before = () => {},
  }: {
    defaults?: CreateAxiosDefaults
    options?: AxiosMiddlewareOptions
    tokens?: (count: number) => Given
    /** Sets the client up before it is attached. */
    before?: (client: AxiosInstance) => void
  } = {},
) {
  /** What the adapter got, as it was then. */
  const sent: Config[] = []
  /** The very objects. */
  const live: Config[] = []
  const adapter = async (config: Config) => {
    live.push(config)
    sent.push({ ...config })
    return (await respond(config, sent.length)) as AxiosResponse
  }
  const client: AxiosInstance = axios.create({ ...defaults, adapter })
  before(client)
  const given = sourceWith(tokens)
  const attached = attachToken(client, given.source, options)
  return {
    ...given,
    ...attached,
    client,
    sent,
    live,
    urls: () => sent.map((config) => axios.getUri(config)),
  }
}

/** Refuses the first request, and accepts every other. */
export const refuseFirst =
  (headers: object = {}) =>
  (config: Config, count: number) =>
    answer(count === 1 ? REFUSED : OK, headers)(config)
