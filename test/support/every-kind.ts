import axios from 'axios'
import { type AxiosMiddlewareOptions, attachToken, axiosTransport } from '../../src/axios.js'
import type { ChooseSource, SourceList } from '../../src/fetch.js'
import { fetchTransport, withToken } from '../../src/fetch.js'
import {
  agentTicket,
  authorizedCorp,
  type Credential,
  createTokenSource,
  downstreamCorp,
  hardwareDevice,
  hardwareModel,
  jsapiTicket,
  type SourceOptions,
  selfBuilt,
  serviceProvider,
  suiteApp,
  type TokenSource,
} from '../../src/index.js'
import {
  type FakeQyapi,
  type FakeQyapiOptions,
  type FakeRequest,
  fakeClock,
} from '../../src/testing.js'
import { useServers } from './servers.js'

export const APP = { corpId: 'ww-app', corpSecret: 'app-secret' }
/** A 代开发 app: its secret is the permanent code. */
export const CUSTOM_APP = { corpId: 'ww-custom', corpSecret: 'custom-code' }
export const PROVIDER = { corpId: 'ww-provider', providerSecret: 'provider-secret' }
export const SUITE = { suiteId: 'ww-suite', suiteSecret: 'suite-secret', suiteTicket: 'ticket' }
export const CORP = { authCorpId: 'ww-corp', permanentCode: 'corp-code' }
const OTHER_CORP = { authCorpId: 'ww-other', permanentCode: 'other-code' }
export const DOWNSTREAM = { corpId: 'ww-down', agentId: 7, businessType: 1 } as const
export const MODEL = { modelId: 'model-1', modelSecret: 'model-secret' }
export const MODEL_TICKET = 'model-ticket'
export const DEVICE = { deviceSn: 'sn-1', deviceSecret: 'device-secret' }

const ONE_OF_EACH_KIND: FakeQyapiOptions = {
  apps: [APP, CUSTOM_APP],
  providers: [PROVIDER],
  suites: [
    {
      ...SUITE,
      corps: [CORP, OTHER_CORP].map(({ authCorpId: corpId, permanentCode }) => ({
        corpId,
        permanentCode,
      })),
    },
  ],
  downstreams: [{ ...DOWNSTREAM, upstreamCorpId: APP.corpId }],
  models: [{ ...MODEL, modelTicket: MODEL_TICKET }],
  devices: [{ ...DEVICE, modelId: MODEL.modelId }],
}

/** A fake on loopback that knows one owner of each kind, with a clock that it shares with the sources. */
export function useEveryKind() {
  const { fake } = useServers()

  return async (options: FakeQyapiOptions = {}) => {
    const clock = fakeClock()
    const { wecom, baseUrl } = await fake({
      now: () => clock.wall(),
      ...ONE_OF_EACH_KIND,
      ...options,
    })
    const make = (credential: Credential, more: SourceOptions = {}) =>
      createTokenSource(credential, { baseUrl, clock, ...more })
    return { wecom, baseUrl, clock, make, sources: oneOfEachKind(make) }
  }
}

/** The source of each kind, and their parent sources. */
export function oneOfEachKind(make: (credential: Credential) => TokenSource) {
  const app = make(selfBuilt(APP))
  const suite = make(suiteApp(SUITE))
  const model = make(hardwareModel(MODEL))
  return {
    app,
    suite,
    provider: make(serviceProvider(PROVIDER)),
    corp: make(authorizedCorp({ suite, ...CORP })),
    otherCorp: make(authorizedCorp({ suite, ...OTHER_CORP })),
    downstream: make(downstreamCorp({ upstream: app, ...DOWNSTREAM })),
    model,
    device: make(hardwareDevice({ model, ...DEVICE })),
    jsapi: make(jsapiTicket(app)),
    agent: make(agentTicket(app)),
  }
}

export const ENTRIES = ['axios', 'fetch'] as const
export type EntryName = (typeof ENTRIES)[number]

/** The parts of the fake's answers that tests read. */
export interface Answer {
  readonly errcode?: number
  readonly [field: string]: unknown
}

/** Sends a call below `/cgi-bin/` and gives the JSON of its answer. */
export type Send = (path: string, body?: object) => Promise<Answer>

/** What both entries take. */
export type Attachable = Credential | TokenSource | SourceList<unknown> | ChooseSource<unknown>

/** Attaches the given tokens by that entry. */
export function through(
  entry: EntryName,
  baseUrl: string,
  tokens: Attachable,
  options: AxiosMiddlewareOptions = {},
): Send {
  if (entry === 'axios') {
    const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
    attachToken(client, tokens as TokenSource, options)
    return async (path, body) =>
      (await client.request({ url: path, ...(body && { method: 'post', data: body }) })).data
  }
  const qyFetch = withToken(fetch, tokens as TokenSource, options)
  return async (path, body) => {
    const init = body && { method: 'POST', body: JSON.stringify(body) }
    return (await (await qyFetch(`${baseUrl}/cgi-bin/${path}`, init)).json()) as Answer
  }
}

/** The transport of that entry's token requests. */
export function transportOf(entry: EntryName) {
  return entry === 'axios' ? axiosTransport(axios.create()) : fetchTransport(fetch)
}

/** One request as the fake received it. */
export function onWire({ method, path, query, body }: FakeRequest) {
  const text = Buffer.from(body).toString()
  return {
    method,
    path,
    query: Object.fromEntries(query),
    ...(text !== '' && { body: JSON.parse(text) as unknown }),
  }
}

/** The paths that were called, in order. */
export function paths({ requests }: FakeQyapi): string[] {
  return requests.map(({ path }) => path)
}

/** The error that a request ends with. */
export async function failureOf(call: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return call.then(
    () => {
      throw new Error('nothing failed')
    },
    (error) => error,
  )
}
