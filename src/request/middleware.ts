import { isPlainObject, isText } from '../core/check.js'
import { type Credential, isCredential } from '../core/credential.js'
import { processChannel } from '../core/debug.js'
import { badOption, mustBe, QyapiTokenError } from '../core/errors.js'
import {
  type EventSubject,
  emitEvent,
  listenerOf,
  type OnEvent,
  type SkippedReason,
} from '../core/events.js'
import type { CallLimits } from '../core/limits.js'
import {
  checkMiddlewareOptions,
  DEFAULTS,
  isOptionName,
  type MiddlewareOptions,
} from '../core/options.js'
import { platform } from '../core/platform.js'
import type { Transport } from '../core/transport.js'
import type { TokenPolicy } from '../token/token-policy.js'
import { createTokenSource, isTokenSource, type TokenSource } from '../token/token-source.js'
import {
  type CallToChooseFor,
  type Choice,
  type ChooseSource,
  choiceOf,
  chosenPolicy,
  isSameApi,
  type SourceList,
} from './choose-source.js'
import { type Destination, type JudgeDestination, judgeDestinations } from './destination.js'
import { type Warnings, warningsOnce } from './warnings.js'
import { type SendCounted, sendsCounted } from './without-token.js'

/** What the axios and fetch entries share: which source's token goes to which destination. */
export interface Middleware {
  /** The source, if there is exactly one. */
  readonly source: TokenSource | undefined
  readonly baseUrl: string
  readonly trustedOrigins: readonly string[]
  readonly callerToken: 'keep' | 'replace'
  /** Finds the destination of a final url; `undefined`: no token may go there. */
  readonly judge: JudgeDestination
  /** The policies that the path table selects, by kind of token. */
  readonly policies: Choice['policies']
  /** For a source without its own. */
  readonly limits: CallLimits | undefined
  /** Sends a request without a token of ours, counted by the call limits; `undefined` without `limits`. */
  readonly sendCounted: SendCounted | undefined
  /** Whether a function handles the rest. */
  readonly hasChooser: boolean
  /** Warnings of mistakes that cause no error, each at most once. */
  readonly warnings: Warnings
  /**
   * The function that has to choose the source, if any. Request rule 2: a request with a `tenant` is
   * always decided by a function, or is an error, whatever sources match the path.
   */
  chooserFor(destination: Destination, tenant?: unknown): ChooseSource<never> | undefined
  /** Calls that function; `undefined`: no token. */
  choose(
    chooser: ChooseSource<never>,
    destination: Destination,
    call: CallToChooseFor<never>,
  ): Promise<TokenPolicy | undefined>
  /** Emits `skipped`: the request has a token of its own. */
  reportCallerToken(destination: Destination): void
  /** Emits `skipped`: no source matches the path, and the request is sent without a token. */
  reportNoSource(destination: Destination): void
  /** Closes the source if the middleware made it. */
  close(): void
}

export interface MiddlewareParts<ShortForm> {
  /** Makes a credential from the short form. */
  readonly credentialOf: (shortForm: ShortForm) => Credential
  /** Uses the client's own network settings, for a source that the middleware makes. */
  readonly transport: Transport
  /** Options that only this entry has. */
  readonly moreOptions?: Parameters<typeof checkMiddlewareOptions>[1]['more']
}

/** Several sources, of which the path or a function selects one. */
export type ManySources<Options> = SourceList<Options> | ChooseSource<Options>

/** The argument `tokens` of `attachToken` and `withToken`. */
export type Tokens<ShortForm, Options> = ShortForm | Credential | TokenSource | ManySources<Options>

/** Throws `bad_options`. */
export function createMiddleware<ShortForm>(
  tokens: Tokens<ShortForm, never>,
  options: MiddlewareOptions,
  parts: MiddlewareParts<ShortForm>,
): Middleware {
  const list = listed(tokens)
  checkMiddlewareOptions(options, {
    makesSource: list === undefined,
    choosesBaseUrl: list?.every((item) => typeof item === 'function') ?? false,
    ...(parts.moreOptions && { more: parts.moreOptions }),
  })
  const ownSource =
    list === undefined ? makeSource(tokens as ShortForm | Credential, options, parts) : undefined
  const choice = choiceOf(list ?? [ownSource as TokenSource])
  const baseUrl = baseUrlOf(choice, options)
  const { policies, chooser } = choice
  const { trustedOrigins = DEFAULTS.trustedOrigins, callerToken = DEFAULTS.callerToken } = options
  const [only] = list ?? [ownSource]

  return {
    source: isTokenSource(only) && (list ?? [ownSource]).length === 1 ? only : undefined,
    baseUrl,
    trustedOrigins,
    callerToken,
    judge: judgeDestinations(baseUrl, trustedOrigins, options.endpoints),
    policies,
    limits: options.limits,
    sendCounted: sendsCounted(policies, baseUrl, options),
    hasChooser: chooser !== undefined,
    warnings: warningsOnce(),
    chooserFor({ token, endpoint }, tenant) {
      if (tenant === undefined) return policies[token] === undefined ? chooser : undefined
      if (tenant === null) return () => null
      if (typeof tenant === 'function') return tenant as ChooseSource<never>
      if (isText(tenant) && chooser !== undefined) return chooser
      return () => {
        throw isText(tenant) ? noTenants(endpoint, tenant) : noTenantName(endpoint, tenant)
      }
    },
    async choose(choose, destination, call) {
      const namesTenant = Object(call.options).tenant !== undefined
      return chosenPolicy(await choose(call), destination, baseUrl, namesTenant)
    },
    ...skipReporters(policies, options.onEvent),
    close: () => ownSource?.close(),
  }
}

/** Emits the events of requests without our token, to the sources' own listeners too. */
function skipReporters(
  policies: Choice['policies'],
  onEvent: OnEvent | undefined,
): Pick<Middleware, 'reportCallerToken' | 'reportNoSource'> {
  const channel = processChannel(platform)
  const listenerOfAll = listenerOf([
    ...Object.values(policies).map((policy) => policy.onEvent),
    onEvent,
  ])
  const report = (
    subject: EventSubject,
    listener: OnEvent | undefined,
    endpoint: string,
    reason: SkippedReason,
  ) => emitEvent(subject, { type: 'skipped', endpoint, reason }, { onEvent: listener, channel })
  return {
    reportCallerToken({ token, endpoint }) {
      const policy = policies[token]
      const listener =
        policy?.onEvent === undefined ? onEvent : listenerOf([policy.onEvent, onEvent])
      const subject = policy?.credential ?? {
        kind: token,
        subject: 'a call with a token of its own',
      }
      report(subject, listener, endpoint, 'caller_token')
    },
    reportNoSource({ token, endpoint }) {
      const call = { kind: token, subject: 'a call that none of the sources serves' }
      report(call, listenerOfAll, endpoint, 'no_source')
    },
  }
}

/** Ignoring the tenant would send the request with the wrong corp's token. */
function noTenants(endpoint: string, tenant: string): QyapiTokenError {
  const message =
    `The call of ${endpoint} for tenant '${tenant}' was not sent: there is no function that chooses ` +
    'among tenants. Attach one: ({ options }) => tenants.get(options.tenant).'
  return new QyapiTokenError('bad_options', message)
}

/** So would taking another token instead. */
function noTenantName(endpoint: string, tenant: unknown): QyapiTokenError {
  const given = tenant === '' ? "''" : `something of type ${typeof tenant}`
  const message =
    `The call of ${endpoint} was not sent: tenant must be a tenant's name (a non-empty string), ` +
    `a function that returns a source, or null for "no token", got ${given}.`
  return new QyapiTokenError('bad_options', message)
}

/** The sources and functions that were passed; `undefined`: the middleware makes its own source. */
function listed(tokens: unknown): SourceList<never> | undefined {
  if (isTokenSource(tokens)) return [tokens]
  if (typeof tokens === 'function') return [tokens as ChooseSource<never>]
  if (!Array.isArray(tokens)) return undefined
  if (tokens.length === 0)
    throw new QyapiTokenError(
      'bad_options',
      'tokens must be at least one source, got an empty array.',
    )
  return tokens
}

/** All sources must have the same address: the path table and the origin depend on it. */
function baseUrlOf(
  { policies }: Choice,
  { baseUrl = DEFAULTS.baseUrl }: MiddlewareOptions,
): string {
  const [first, ...others] = Object.values(policies)
  const other = others.find((policy) => first && !isSameApi(first.baseUrl, policy.baseUrl))
  if (other !== undefined) {
    const expected = `sources of one baseUrl (${first?.baseUrl})`
    throw mustBe('tokens', expected, other.baseUrl)
  }
  return first?.baseUrl ?? baseUrl
}

function makeSource<ShortForm>(
  tokens: ShortForm | Credential,
  options: MiddlewareOptions,
  { credentialOf, transport, moreOptions = {} }: MiddlewareParts<ShortForm>,
): TokenSource {
  const credential = isCredential(tokens) ? tokens : credentialOf(shortForm(tokens))
  const middlewareOnly = new Set([
    'trustedOrigins',
    'callerToken',
    'endpoints',
    ...Object.keys(moreOptions),
  ])
  const ofSource = Object.entries(options).filter(([key]) => !middlewareOnly.has(key))
  return createTokenSource(credential, { transport, ...Object.fromEntries(ofSource) })
}

function shortForm<ShortForm>(tokens: ShortForm): ShortForm {
  if (!isPlainObject(tokens)) {
    const expected =
      '{ corpId, corpSecret }, a credential, a token source, an array of sources, or a function that returns one'
    throw badOption('tokens', expected, tokens)
  }
  const misplaced = Object.keys(tokens).find(isOptionName)
  if (misplaced === undefined) return tokens
  const message = `Unknown key '${misplaced}' in the credential: ${misplaced} belongs in the third argument.`
  throw new QyapiTokenError('bad_options', message)
}
