import { badOption, mustBe, QyapiTokenError } from '../core/errors.js'
import { apiRoot } from '../core/url.js'
import type { TokenPolicy } from '../token/token-policy.js'
import { isTokenSource, policyOf, type TokenSource } from '../token/token-source.js'
import type { TokenKind } from '../wecom/endpoints.js'
import type { Destination } from './destination.js'

/** A call whose source has to be chosen. */
export interface CallToChooseFor<Options = unknown> {
  /** The final url, as text. */
  readonly url: string
  readonly method: string
  /** What the call was made with: axios' config, or fetch's init. Not to be changed. */
  readonly options: Options
}

/** Chooses whose token a call carries; `null` alone means "send this one without a token". */
export type ChooseSource<Options = unknown> = (
  call: CallToChooseFor<Options>,
) => TokenSource | null | PromiseLike<TokenSource | null>

/** Sources of different kinds, among which the path table chooses; a function stands for the rest. */
export type SourceList<Options = unknown> = readonly (TokenSource | ChooseSource<Options>)[]

/**
 * One call's own choice: the tenant's name, for the function that was attached; a function of its
 * own; or `null` for "send this one without a token".
 */
export type Tenant<Options = never> = string | null | ChooseSource<Options>

/** Whose token goes where. */
export interface Choice {
  /** The sources that are there from the beginning, by the kind of token that they have. */
  readonly policies: Readonly<Partial<Record<TokenKind, TokenPolicy>>>
  readonly chooser: ChooseSource<never> | undefined
}

/** Sorts what was attached. Throws `bad_options` if two sources could serve one call. */
export function choiceOf(list: SourceList<never>): Choice {
  const policies: Partial<Record<TokenKind, TokenPolicy>> = {}
  let chooser: ChooseSource<never> | undefined
  for (const item of list) {
    if (typeof item === 'function') {
      if (chooser !== undefined) throw unfit('tokens must hold one function at most, got two.')
      chooser = item
    } else {
      const policy = servingLender(item)
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

/** One address may be written in several ways: with a final slash, with `/cgi-bin`. */
export function isSameApi(one: string, other: string): boolean {
  if (one === other) return true
  const [a, b] = [apiRoot(one), apiRoot(other)]
  return a.origin === b.origin && a.root === b.root
}

/** What a function chose for a call, or why that cannot be. `undefined`: no token. */
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
    throw wrong(`the function in tokens gave ${given}, not a token source, or null for "no token".`)
  }
  const policy = servingLender(chosen)
  const { tokenKind, kind, subject } = policy.credential
  if (tokenKind !== token) {
    const other = namesTenant
      ? 'make the call without a tenant'
      : 'put one beside the function ([source, function])'
    const advice = `Give a source of that kind, ${other}, or give null.`
    throw wrong(
      `it takes a token of kind '${token}', and that of ${kind} ${subject} is of kind '${tokenKind}'. ${advice}`,
    )
  }
  if (!isSameApi(policy.baseUrl, baseUrl))
    throw wrong(`the token of ${kind} ${subject} is for ${policy.baseUrl}, not for ${baseUrl}.`)
  return policy
}

/** The policy of a source whose tokens calls carry. */
function servingLender(source: unknown): TokenPolicy {
  if (!isTokenSource(source)) throw badOption('tokens', 'an array of token sources', source)
  const policy = policyOf(source)
  const { tokenKind, kind, subject } = policy.credential
  if (tokenKind !== undefined) return policy
  throw mustBe('tokens', 'sources of tokens that calls carry', `${kind} ${subject}`)
}
