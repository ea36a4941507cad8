import { badOption, mustBe, QyapiTokenError } from '../core/errors.js'
import { apiRoot } from '../core/url.js'
import type { TokenPolicy } from '../token/token-policy.js'
import { isTokenSource, policyOf, type TokenSource } from '../token/token-source.js'
import type { TokenKind } from '../wecom/endpoints.js'
import type { Destination } from './destination.js'

/** A request that needs a source. */
export interface CallToChooseFor<Options = unknown> {
  /** The final url, as text. */
  readonly url: string
  readonly method: string
  /** The caller's options: axios' config, or fetch's init. Do not change them. */
  readonly options: Options
}

/** Chooses the source of a request's token; only `null` means "send this one without a token". */
export type ChooseSource<Options = unknown> = (
  call: CallToChooseFor<Options>,
) => TokenSource | null | PromiseLike<TokenSource | null>

/** Sources of different kinds, of which the path table selects one; a function handles the rest. */
export type SourceList<Options = unknown> = readonly (TokenSource | ChooseSource<Options>)[]

/**
 * The choice of a single request: the tenant's name, for the attached function; a function of its own;
 * or `null` for "send this one without a token".
 */
export type Tenant<Options = never> = string | null | ChooseSource<Options>

/** The attached sources, sorted. */
export interface Choice {
  /** The policies of the attached sources, by kind of token. */
  readonly policies: Readonly<Partial<Record<TokenKind, TokenPolicy>>>
  readonly chooser: ChooseSource<never> | undefined
}

/** Sorts the attached sources. Throws `bad_options` if two of them match the same request. */
export function choiceOf(list: SourceList<never>): Choice {
  const policies: Partial<Record<TokenKind, TokenPolicy>> = {}
  let chooser: ChooseSource<never> | undefined
  for (const item of list) {
    if (typeof item === 'function') {
      if (chooser !== undefined) throw unfit('tokens must hold one function at most, got two.')
      chooser = item
    } else {
      const policy = requestPolicyOf(item)
      const { tokenKind, kind, subject } = policy.credential
      const other = tokenKind && policies[tokenKind]?.credential
      if (other !== undefined) {
        const two = `${other.kind} ${other.subject} and ${kind} ${subject}`
        const advice = 'Attach a function ({ url, method, options }) => source in their place.'
        throw unfit(
          `tokens must be sources of different kinds: ${two} serve the same paths. ${advice}`,
        )
      }
      if (tokenKind !== undefined) policies[tokenKind] = policy
    }
  }
  return { policies, chooser }
}

function unfit(message: string): QyapiTokenError {
  return new QyapiTokenError('bad_options', message)
}

/** Compares addresses that may end in a slash or in `/cgi-bin`. */
export function isSameApi(one: string, other: string): boolean {
  if (one === other) return true
  const [a, b] = [apiRoot(one), apiRoot(other)]
  return a.origin === b.origin && a.root === b.root
}

/** The policy of the source that a function chose, or throws why it cannot be used. `undefined`: no token. */
export function chosenPolicy(
  chosen: unknown,
  { endpoint, token }: Destination,
  baseUrl: string,
  namesTenant = false,
): TokenPolicy | undefined {
  if (chosen === null) return undefined
  const wrong = (what: string) => unfit(`The call of ${endpoint} was not sent: ${what}`)
  if (!isTokenSource(chosen)) {
    const given = chosen === undefined ? 'undefined' : `something of type ${typeof chosen}`
    throw wrong(
      `the function in tokens returned ${given}, not a token source, or null for "no token".`,
    )
  }
  const policy = requestPolicyOf(chosen)
  const { tokenKind, kind, subject } = policy.credential
  if (tokenKind !== token) {
    const other = namesTenant
      ? 'make the call without a tenant'
      : 'attach one next to the function ([source, function])'
    const advice = `Return a source of that kind, ${other}, or return null.`
    throw wrong(
      `it takes a token of kind '${token}', and that of ${kind} ${subject} is of kind '${tokenKind}'. ${advice}`,
    )
  }
  if (!isSameApi(policy.baseUrl, baseUrl))
    throw wrong(`the token of ${kind} ${subject} is for ${policy.baseUrl}, not for ${baseUrl}.`)
  return policy
}

/** The policy of a source whose tokens requests carry (a page ticket's do not). */
function requestPolicyOf(source: unknown): TokenPolicy {
  if (!isTokenSource(source)) throw badOption('tokens', 'an array of token sources', source)
  const policy = policyOf(source)
  const { tokenKind, kind, subject } = policy.credential
  if (tokenKind !== undefined) return policy
  throw mustBe('tokens', 'sources of tokens that calls carry', `${kind} ${subject}`)
}
