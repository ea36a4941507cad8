/**
 * Request rule 7: a redirect never carries our token to another origin, whatever transport the
 * client has; all else of a redirect is as it is without us.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { InternalAxiosRequestConfig } from 'axios'
import type { Token } from '../core/token.js'
import { urlWithoutToken } from '../core/url.js'
import type { Destination, JudgeDestination } from '../request/destination.js'

type Config = InternalAxiosRequestConfig
type BeforeRedirect = NonNullable<Config['beforeRedirect']>
type HookArguments = Parameters<BeforeRedirect>

/** What an axios config takes as `transport`. */
export interface NodeTransport {
  request(options: TransportOptions, onResponse: (response: IncomingMessage) => void): unknown
}

interface TransportOptions {
  /** Where the package follow-redirects finds what axios wants done before a redirect. */
  readonly beforeRedirects?: { config?: BeforeRedirect }
}

/** A request that carries a token. */
interface Carrying {
  readonly token: Token
  readonly destination: Destination
  readonly judge: JudgeDestination
  /** The caller's own hook. */
  readonly own?: BeforeRedirect | undefined
}

/**
 * What a request that carries a token does about redirects. fetch lets nobody look in between: there
 * a redirect is the answer, or an error if the caller says so.
 */
export function guardRedirects(outgoing: Config, sent: Omit<Carrying, 'own'>): void {
  const { transport, fetchOptions } = outgoing
  // Axios does not ask the caller's hook before the redirects of a transport that is not its own.
  const carrying = { ...sent, own: transport ? undefined : outgoing.beforeRedirect }
  const beforeRedirect: BeforeRedirect = (...details) => redirectWithoutToken(details, carrying)
  outgoing.beforeRedirect = beforeRedirect
  if (transport) {
    outgoing.transport = guardedTransport(transport, {
      beforeRedirect,
      locationOf: (location, from) => locationWithoutToken(location, from, carrying),
    })
  }
  const asked: unknown = fetchOptions?.redirect
  const redirect = asked == null || asked === 'follow' ? 'manual' : asked
  outgoing.fetchOptions = { ...fetchOptions, redirect }
}

/** Whether the same token may go there. */
function isCovered(url: string, { destination, judge }: Carrying): boolean {
  return judge(url)?.token === destination.token
}

/** The parts of a redirect's options that hold its url. */
const URL_PARTS = ['href', 'path', 'pathname', 'search', 'query', 'hash']
/** All that says where it leads; with a proxy, `host` is the proxy's. */
const TARGET_PARTS = [...URL_PARTS, 'protocol', 'host', 'hostname', 'port']

/**
 * What axios' own transport calls before a redirect leaves. The caller's own hook sees no token
 * either; only what it leaves as it is gets the token back.
 */
function redirectWithoutToken(
  [options, response, ...more]: HookArguments,
  carrying: Carrying,
): void {
  const { token, destination, own } = carrying
  const clean = (url: string) => urlWithoutToken(url, token, destination.parameters)
  const before = partsOf(options, TARGET_PARTS)
  for (const part of URL_PARTS) cleanText(options, part, clean)
  const cleaned = partsOf(options, TARGET_PARTS)
  // Axios before 1.6 tells nothing of the response.
  const { headers } = (response as Partial<typeof response> | undefined) ?? {}
  for (const name of Object.keys(headers ?? {})) cleanText(headers as object, name, clean)
  // Newer versions say from where it leads away.
  for (const request of more as object[]) cleanText(request, 'url', clean)
  own?.(options, response, ...more)
  const isUnchanged = TARGET_PARTS.every((part) => options[part] === cleaned[part])
  if (isUnchanged && isCovered(String(before.href), carrying)) Object.assign(options, before)
}

/** A `location` as a client's own transport may follow it. */
function locationWithoutToken(location: string, from: string, carrying: Carrying): string {
  const url = URL.canParse(location, from) ? new URL(location, from).href : undefined
  if (url !== undefined && isCovered(url, carrying)) return location
  return urlWithoutToken(location, carrying.token, carrying.destination.parameters)
}

function partsOf(options: object, names: readonly string[]): Record<string, unknown> {
  const known = names.filter((name) => name in options)
  return Object.fromEntries(known.map((name) => [name, Reflect.get(options, name)]))
}

function cleanText(owner: object, key: string, clean: (text: string) => string): void {
  const text: unknown = Reflect.get(owner, key)
  if (typeof text === 'string') Reflect.set(owner, key, clean(text))
}

/** What the package follow-redirects gives for a request. */
type Followed = ClientRequest & { readonly _currentRequest?: ClientRequest }

/** What is done about redirects in a client's own transport. */
export interface RedirectPolicy {
  readonly beforeRedirect: BeforeRedirect
  /** What a `location` becomes; `undefined`: there is none to follow. */
  locationOf(location: string, from: string): string | undefined
}

/**
 * A client's own transport gets no `beforeRedirect` of the config's, and may hand on none at all. So
 * each answer's `location` is looked at too, before the transport sees it.
 */
export function guardedTransport(
  transport: NodeTransport,
  { beforeRedirect, locationOf }: RedirectPolicy,
): NodeTransport {
  return {
    request(options, onResponse) {
      if (options.beforeRedirects) options.beforeRedirects.config = beforeRedirect
      const request = transport.request(options, onResponse) as Followed
      const guard = () => beforeResponse(request._currentRequest ?? request, locationOf)
      guard()
      // Each redirect makes a new request.
      if (request._currentRequest !== undefined) request.on('socket', guard)
      return request
    },
  }
}

function beforeResponse(request: ClientRequest, locationOf: RedirectPolicy['locationOf']): void {
  request.prependOnceListener?.('response', (response) => {
    const { location } = response?.headers ?? {}
    if (location === undefined) return
    const from = `${request.protocol}//${request.getHeader('host')}${request.path}`
    const instead = locationOf(location, from)
    if (instead === undefined) delete response.headers.location
    else response.headers.location = instead
  })
}
