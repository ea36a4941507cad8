import { decoded } from './settings.js'

/** Which proxy axios, curl and most programs take, by the variables of the environment. */
export interface ProxySetting {
  /** The variable that names it. */
  readonly variable: string
  readonly url: URL
}

type Environment = Readonly<Record<string, string | undefined>>

/** The proxy for an address; `undefined` if it is called directly. */
export function proxyFor(target: URL, env: Environment): ProxySetting | undefined {
  const scheme = target.protocol.slice(0, -1)
  const names = [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`, 'all_proxy', 'ALL_PROXY']
  const variable = names.find((name) => env[name])
  const text = variable === undefined ? '' : (env[variable] ?? '')
  if (variable === undefined || isExcepted(target, env.no_proxy || env.NO_PROXY || ''))
    return undefined
  const address = text.includes('://') ? text : `http://${text}`
  return URL.canParse(address) ? { variable, url: new URL(address) } : undefined
}

/** NO_PROXY: `*`, names, `.domain` or `*.domain`, each with an optional port. */
function isExcepted({ hostname, protocol, port }: URL, list: string): boolean {
  const portOfTarget = port || (protocol === 'https:' ? '443' : '80')
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true
      const [, name = '', wantedPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? []
      if (wantedPort !== undefined && wantedPort !== portOfTarget) return false
      const suffix = name.replace(/^\*/, '')
      return suffix.startsWith('.') ? hostname.endsWith(suffix) : hostname === suffix
    })
}

/** `http://proxy:3128`: without its user and password. */
export function shownProxy({ url }: ProxySetting): string {
  return url.host === '' ? url.protocol : `${url.protocol}//${url.host}`
}

/** The header for a proxy that wants a user. */
export function proxyAuthorization({ url }: ProxySetting): Record<string, string> {
  if (url.username === '' && url.password === '') return {}
  const pair = [url.username, url.password].map(decoded).join(':')
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` }
}
