import { isListOf, isPlainObject, isText } from '../core/check.js'
import { type Credential, type CredentialRequest, credentialKind } from '../core/credential.js'
import { badOption } from '../core/errors.js'
import { checkId, checkKeys, type Id, type Secret } from './credential-options.js'
import type { RemoteTokenKind } from './remote-token.js'

/** A kind of token that this package does not have. */
export interface OwnKind<Names extends string = string> {
  /** Its name in errors, events and store keys, e.g. `gateway-app`. */
  readonly kind: string
  /** The field of the answer that holds the token; its lifetime is `expires_in`, in seconds. */
  readonly tokenName: string
  /**
   * Which paths take it. A parameter name of its own, and paths of its own, go into the option
   * `endpoints`.
   * @default 'app'
   */
  readonly tokenKind?: RemoteTokenKind
  /** The errcodes by which the server refuses such a token. */
  readonly tokenInvalidErrcodes: readonly number[]
  /** Its owner in errors and events, e.g. `client 7`: never the secret. */
  subjectOf(ids: Readonly<Record<Names, string>>): string
  /** The token request: `{ method, path, query, body }`. `path` is relative to `<baseUrl>/cgi-bin/`. */
  request(ids: Readonly<Record<Names, string>>, secret: string): CredentialRequest
}

/** The ids and the secret of one credential. */
export interface OwnCredentialOptions<Names extends string = string> {
  /** Readable in messages and in store keys. */
  readonly ids: Readonly<Record<Names, Id>>
  /** The secret, or a function that returns the current one. Store keys contain its SHA-256. */
  readonly secret: Secret
}

const KEYS = ['kind', 'tokenName', 'tokenKind', 'tokenInvalidErrcodes', 'subjectOf', 'request']
const TOKEN_KINDS: readonly RemoteTokenKind[] = ['app', 'suite', 'provider', 'model', 'device']

/**
 * Defines a kind of credential of your own, for a server that answers like WeCom: below
 * `<baseUrl>/cgi-bin/`, in JSON, with an `errcode`. Returns a function that makes such credentials.
 * `credentialContract` of `qyapi-token/testing` tests it. For any other server use `remoteToken`.
 *
 * @throws `bad_options` if something is missing or malformed, or a key is unknown.
 * @example
 * const gatewayApp = defineCredential<'clientId'>({
 *   kind: 'gateway-app',
 *   tokenName: 'gateway_token',
 *   tokenInvalidErrcodes: [70001],
 *   subjectOf: ({ clientId }) => `client ${clientId}`,
 *   request: ({ clientId }, secret) =>
 *     ({ method: 'POST', path: 'gateway/token', body: { id: clientId, secret } }),
 * })
 * const source = createTokenSource(gatewayApp({ ids: { clientId }, secret }), { baseUrl })
 */
export function defineCredential<Names extends string>(
  definition: OwnKind<Names>,
): (options: OwnCredentialOptions<Names>) => Credential {
  checkKeys(definition, 'defineCredential', KEYS)
  const {
    kind,
    tokenName,
    tokenKind = 'app',
    tokenInvalidErrcodes,
    subjectOf,
    request,
  } = definition
  checkId('kind', kind, 'the name of the kind')
  checkId('tokenName', tokenName, 'the field of the answer that holds the token')
  if (!TOKEN_KINDS.includes(tokenKind))
    throw badOption('tokenKind', `one of ${TOKEN_KINDS.join(', ')}`, tokenKind)
  if (!isListOf(Number.isInteger)(tokenInvalidErrcodes))
    throw badOption('tokenInvalidErrcodes', 'an array of errcodes', tokenInvalidErrcodes)
  for (const [name, value] of Object.entries({ subjectOf, request }))
    if (typeof value !== 'function') throw badOption(name, 'a function', value)
  const credentialOf = credentialKind<Names>({
    ...{ kind, tokenName, tokenKind, tokenInvalidErrcodes, subjectOf, request },
  })

  return (options) => {
    checkKeys(options, kind, ['ids', 'secret'])
    if (!isPlainObject(options.ids))
      throw badOption('ids', `an object with the ids of ${kind}`, options.ids)
    for (const [name, id] of Object.entries(options.ids)) checkId(name, id, `an id of ${kind}`)
    const { secret } = options
    // A wrong one is found at once, not by the first call; a function is asked for each token request.
    if (typeof secret !== 'function') checkedSecret(secret, kind)
    // In one order, because store keys contain them.
    const ids = Object.fromEntries(Object.entries(options.ids).sort()) as Record<Names, string>
    return credentialOf({
      ids,
      secret: () => checkedSecret(typeof secret === 'function' ? secret() : secret, kind),
    })
  }
}

/** Its characters are the server's business: only a missing one is an error. */
function checkedSecret(secret: unknown, kind: string): string {
  if (isText(secret)) return secret
  const expected = `the secret of ${kind}, a non-empty string or a function that returns it`
  throw badOption('secret', expected, secret, true)
}
