import { lookup } from 'node:dns/promises'
import { request } from 'node:http'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls'
import { type Failure, failureOf, inTime, STEP_TIMEOUT_MS } from './line.js'
import { type ProxySetting, proxyAuthorization } from './proxy.js'

/** How one step went, and how long it took. */
export type Step<T> = { readonly ms: number } & ((T & { failure?: never }) | { failure: Failure })

/** The steps of one connection, as far as it came. */
export interface ConnectionFacts {
  /** The host and port that were connected to: the proxy's, if there is one. */
  readonly host: string
  readonly port: number
  dns?: Step<{ readonly addresses: readonly string[] }>
  tcp?: Step<object>
  /** The proxy's answer to CONNECT. */
  tunnel?: Step<{ readonly status: number; readonly isHtml: boolean }>
  tls?: Step<{ readonly protocol: string; readonly issuer: string; readonly error?: string }>
}

export interface Connection {
  readonly facts: ConnectionFacts
  /** If every step went well. */
  readonly socket?: Socket
}

const defaultPort = ({ protocol, port }: URL) => Number(port || (protocol === 'https:' ? 443 : 80))
/** `[::1]` in a url is `::1` for a socket. */
const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '')

/** Connects step by step, as a client with this proxy would. */
export async function openConnection(
  target: URL,
  proxy: ProxySetting | undefined,
): Promise<Connection> {
  const place = proxy?.url ?? target
  const facts: ConnectionFacts = { host: hostOf(place), port: defaultPort(place) }
  const isTls = target.protocol === 'https:'
  let socket: Socket | undefined
  const opened = (next: Socket) => {
    socket = next
    return next
  }
  try {
    const addresses = await resolved(facts)
    const plain = opened(await connected(facts, addresses))
    if (proxy !== undefined && isTls) await tunnelled(facts, plain, target, proxy)
    if (isTls) opened(await encrypted(facts, plain, hostOf(target)))
    return socket === undefined ? { facts } : { facts, socket }
  } catch {
    // The step that failed is in the facts.
    socket?.destroy()
    return { facts }
  }
}

/** Takes the time, and keeps the outcome under the step's name. */
async function step<K extends 'dns' | 'tcp' | 'tunnel' | 'tls', T extends object>(
  facts: ConnectionFacts,
  name: K,
  work: Promise<readonly [T, object]>,
): Promise<T> {
  const startedAt = performance.now()
  const ms = () => Math.round(performance.now() - startedAt)
  try {
    const [result, found] = await inTime(work)
    Object.assign(facts, { [name]: { ms: ms(), ...found } })
    return result
  } catch (error) {
    Object.assign(facts, { [name]: { ms: ms(), failure: failureOf(error) } })
    throw error
  }
}

type Addresses = readonly { readonly address: string; readonly family: number }[]

async function resolved(facts: ConnectionFacts): Promise<Addresses> {
  const { host } = facts
  if (isIP(host) !== 0) return [{ address: host, family: isIP(host) }]
  const found = lookup(host, { all: true }).then((addresses) => {
    return [addresses, { addresses: addresses.map(({ address }) => address) }] as const
  })
  return step(facts, 'dns', found)
}

function connected(facts: ConnectionFacts, addresses: Addresses): Promise<Socket> {
  const { host, port } = facts
  const work = new Promise<readonly [Socket, object]>((resolve, reject) => {
    const socket = connect({
      host,
      port,
      autoSelectFamily: addresses.length > 1,
      lookup: (_host, { all }, callback) => {
        const [first] = addresses
        if (all) callback(null, [...addresses])
        else callback(null, first?.address ?? '', first?.family)
      },
    })
    socket.once('connect', () => resolve([socket, {}]))
    // Later errors belong to the step that then is under way.
    socket.on('error', reject)
    socket.setTimeout(STEP_TIMEOUT_MS, () => socket.destroy())
  })
  return step(facts, 'tcp', work)
}

/** Asks the proxy for the way through to the target. */
async function tunnelled(
  facts: ConnectionFacts,
  socket: Socket,
  target: URL,
  proxy: ProxySetting,
): Promise<void> {
  const path = `${target.hostname}:${defaultPort(target)}`
  const work = new Promise<readonly [{ status: number }, object]>((resolve, reject) => {
    const headers = { host: path, ...proxyAuthorization(proxy) }
    const asked = request({ method: 'CONNECT', path, headers, createConnection: () => socket })
    asked.once('connect', ({ statusCode: status = 0, headers: answered }) => {
      const isHtml = /html/i.test(answered['content-type'] ?? '')
      resolve([{ status }, { status, isHtml }])
    })
    asked.once('error', reject)
    asked.end()
  })
  const { status } = await step(facts, 'tunnel', work)
  if (status !== 200) throw new Error(`the proxy answered ${status}`)
}

async function encrypted(facts: ConnectionFacts, socket: Socket, host: string): Promise<TLSSocket> {
  const work = new Promise<readonly [TLSSocket, object]>((resolve, reject) => {
    const tls = connectTls({
      socket,
      ...(isIP(host) === 0 && { servername: host }),
      // To read the issuer of a certificate that is refused. Nothing is sent over such a connection.
      rejectUnauthorized: false,
    })
    tls.once('secureConnect', () => {
      const { authorized, authorizationError } = tls
      const { code } = Object(authorizationError) as { code?: string }
      const error = authorized ? {} : { error: code ?? String(authorizationError) }
      const issuer = issuerOf(tls.getPeerCertificate())
      resolve([tls, { protocol: tls.getProtocol() ?? '', issuer, ...error }])
    })
    tls.on('error', reject)
  })
  const tls = await step(facts, 'tls', work)
  if (tls.authorized) return tls
  tls.destroy()
  throw new Error('the certificate is not trusted')
}

function issuerOf({ issuer }: Partial<PeerCertificate>): string {
  const { O: organization, CN: name } = issuer ?? {}
  return [organization ?? name ?? ''].flat().join(', ')
}
