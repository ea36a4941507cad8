import type { FakeParts } from './fake-parts.js'

const MASK = '••••••'

/** A shorter one, as in tests, may be part of any word; it is masked by the name of its field. */
const SHORTEST = 7

/** Fields and parameters that hold a token or a secret, whether the fake knows it or not. */
const SECRET_NAME = /(token|secret|ticket|permanent_code|auth_code|session_key)$/i

export type Masking = ReturnType<typeof masking>

/** Takes tokens and secrets out of what the page shows. */
export function masking({ tokens, tenants }: Pick<FakeParts, 'tokens' | 'tenants'>) {
  function known(): string[] {
    const secrets = tenants.list().flatMap((one) => one.secrets)
    const values = [...tokens.list().map(({ value }) => value), ...secrets]
    const long = values.filter((value) => value.length >= SHORTEST)
    // The longest first, so that none is cut by one that is part of it.
    return [...new Set(long.flatMap((value) => [value, encodeURIComponent(value)]))].sort(
      (one, other) => other.length - one.length,
    )
  }

  const scrubOf = (values: readonly string[]) => (text: string) =>
    values.reduce((clean, value) => clean.replaceAll(value, MASK), text)

  return {
    /** The same value, with every text in it scrubbed. */
    texts: (value: unknown) => mapped(value, scrubOf(known()), () => false),
    /** A query, with the values of secret parameters masked; a robot's key is one. */
    query(query: URLSearchParams): [name: string, value: string][] {
      const scrub = scrubOf(known())
      return [...query].map(([name, value]) => [
        name,
        SECRET_NAME.test(name) || name === 'key' ? MASK : scrub(value),
      ])
    },
    /** A body as text: JSON with its secret fields masked, or the size of anything else. */
    body(body: string | Uint8Array): string {
      const scrub = scrubOf(known())
      const json = parsed(body)
      if (json === undefined) return body.length === 0 ? '' : `${body.length} B`
      const isSecret = (name: string) => SECRET_NAME.test(name)
      return JSON.stringify(mapped(json, scrub, isSecret), undefined, 2).slice(0, LONGEST)
    },
  }
}

const LONGEST = 20_000

/** JSON objects; everything else is `undefined`. */
export function parsed(body: string | Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString())
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

type IsSecret = (name: string) => boolean

function mapped(value: unknown, scrub: (text: string) => string, isSecret: IsSecret): unknown {
  if (typeof value === 'string') return scrub(value.slice(0, LONGEST))
  if (Array.isArray(value)) return value.map((one) => mapped(one, scrub, isSecret))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecret(name) ? MASK : mapped(inner, scrub, isSecret),
    ]),
  )
}
