/**
 * Request rule 7: a redirect never carries our token to another origin, whatever transport the
 * client has; everything else about a redirect stays as it is without us.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { InternalAxiosRequestConfig } from 'axios'
import type { Token } from '../core/token.js'
import { urlWithoutToken } from '../core/url.js'
import type { Destination, JudgeDestination } from '../request/destination.js'

type Config = InternalAxiosRequestConfig
type BeforeRedirect = NonNullable<Config['beforeRedirect']>
type HookArguments = Parameters<BeforeRedirect>

/** The type of `transport` in an axios config. */
export interface NodeTransport {
  request(options: TransportOptions, onResponse: (response: IncomingMessage) => void): unknown
}

interface TransportOptions {
  /** Hooks that axios passes to the package follow-redirects. */
  readonly beforeRedirects?: { config?: BeforeRedirect }
}

/** The token that a request carries, and where it may go. */
interface CarriedToken {
  readonly token: Token
  readonly destination: Destination
  readonly judge: JudgeDestination
  /** The caller's own hook. */
  readonly own?: BeforeRedirect | undefined
}

/**
 * Installs the hooks that remove the token from redirects. fetch has no such hook: there a redirect is
 * the answer, or an error if the caller asks for one.
 */
export function guardRedirects(outgoing: Config, sent: Omit<CarriedToken, 'own'>): void {
  const { transport, fetchOptions } = outgoing
  // Axios does not call the caller's hook for the redirects of a transport that is not its own.
  const carried = { ...sent, own: transport ? undefined : outgoing.beforeRedirect }
  const beforeRedirect: BeforeRedirect = (...details) => redirectWithoutToken(details, carried)
  outgoing.beforeRedirect = beforeRedirect
  if (transport) {
    outgoing.transport = guardedTransport(transport, {
      beforeRedirect,
      locationOf: (location, from) => locationWithoutToken(location, from, carried),
    })
  }
  const requested: unknown = fetchOptions?.redirect
  const redirect = requested == null || requested === 'follow' ? 'manual' : requested
  outgoing.fetchOptions = { ...fetchOptions, redirect }
}

/** Whether a redirect to this url may keep the token. */
function mayReceiveToken(url: string, { destination, judge }: CarriedToken): boolean {
  return judge(url)?.token === destination.token
}

/** The parts of a redirect's options that hold its url. */
const URL_PARTS = ['href', 'path', 'pathname', 'search', 'query', 'hash']
/** The parts that determine its target; with a proxy, `host` is the proxy's. */
const TARGET_PARTS = [...URL_PARTS, 'protocol', 'host', 'hostname', 'port']

/**
 * Axios' own transport calls this before it follows a redirect. The caller's own hook does not see
 * the token either; the token is restored only if that hook leaves the target unchanged.
 */
function redirectWithoutToken(
  [options, response, ...more]: HookArguments,
  carried: CarriedToken,
): void {
  const { token, destination, own } = carried
  const clean = (url: string) => urlWithoutToken(url, token, destination.parameters)
  const before = partsOf(options, TARGET_PARTS)
  for (const part of URL_PARTS) cleanText(options, part, clean)
  const cleaned = partsOf(options, TARGET_PARTS)
  // Axios before 1.6 passes no response.
  const { headers } = (response as Partial<typeof response> | undefined) ?? {}
  for (const name of Object.keys(headers ?? {})) cleanText(headers as object, name, clean)
  // Newer versions pass the request that was redirected.
  for (const request of more as object[]) cleanText(request, 'url', clean)
  own?.(options, response, ...more)
  const isUnchanged = TARGET_PARTS.every((part) => options[part] === cleaned[part])
  if (isUnchanged && mayReceiveToken(String(before.href), carried)) Object.assign(options, before)
}

/** A `location` that a client's own transport may follow. */
function locationWithoutToken(location: string, from: string, carried: CarriedToken): string {
  const url = URL.canParse(location, from) ? new URL(location, from).href : undefined
  if (url !== undefined && mayReceiveToken(url, carried)) return location
  return urlWithoutToken(location, carried.token, carried.destination.parameters)
}

function partsOf(options: object, names: readonly string[]): Record<string, unknown> {
  const known = names.filter((name) => name in options)
  return Object.fromEntries(known.map((name) => [name, Reflect.get(options, name)]))
}

function cleanText(owner: object, key: string, clean: (text: string) => string): void {
  const text: unknown = Reflect.get(owner, key)
  if (typeof text === 'string') Reflect.set(owner, key, clean(text))
}

/** The request object of the package follow-redirects. */
type Followed = ClientRequest & { readonly _currentRequest?: ClientRequest }

/** How to treat redirects in a client's own transport. */
export interface RedirectPolicy {
  readonly beforeRedirect: BeforeRedirect
  /** The `location` to follow instead; `undefined`: follow none. */
  locationOf(location: string, from: string): string | undefined
}

/**
 * Axios does not pass the config's `beforeRedirect` to a client's own transport, which may ignore it
 * anyway. So each response's `location` is rewritten too, before the transport reads it.
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
