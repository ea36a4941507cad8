import { isPlainObject, isText } from '../core/check.js'
import { type Credential, isCredential } from '../core/credential.js'
import { debugListener } from '../core/debug.js'
import { badOption, mustBe, QyapiTokenError } from '../core/errors.js'
import { emitTo, type OnEvent } from '../core/events.js'
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

/** What both doors do alike: whose token, for which destination. */
export interface Middleware {
  /** Where there is exactly one. */
  readonly source: TokenSource | undefined
  readonly baseUrl: string
  readonly trustedOrigins: readonly string[]
  readonly callerToken: 'keep' | 'replace'
  /** Where a final url leads; `undefined`: no token may go there. */
  readonly judge: JudgeDestination
  /** Whose token goes to a destination by the path table alone. */
  readonly policies: Choice['policies']
  /** Whether a function stands for the rest. */
  readonly hasChooser: boolean
  /** Of what goes wrong silently, once for each door. */
  readonly warnings: Warnings
  /**
   * The function that decides whose token goes there, if one has to. A call that names a `tenant` is
   * always decided by a function, or is an error, whatever sources serve the path.
   */
  chooserFor(destination: Destination, tenant?: unknown): ChooseSource<never> | undefined
  /** Whose token it says goes there; `undefined`: none of ours. */
  choose(
    chooser: ChooseSource<never>,
    destination: Destination,
    call: CallToChooseFor<never>,
  ): Promise<TokenPolicy | undefined>
  /** The call brought a token of its own, and is left alone. */
  standAside(destination: Destination): void
  /** No source serves that path: the call goes out without a token. */
  skip(destination: Destination): void
  /** Closes the source if the door made it. */
  close(): void
}

export interface MiddlewareParts<ShortForm> {
  /** Makes a credential of the short form. */
  readonly credentialOf: (shortForm: ShortForm) => Credential
  /** The client's own road, for a source that the door makes. */
  readonly transport: Transport
  /** Options that only this door knows. */
  readonly moreOptions?: Parameters<typeof checkMiddlewareOptions>[1]['more']
}

/** Sources among which the path or a function chooses. */
export type ManySources<Options> = SourceList<Options> | ChooseSource<Options>

/** What a door can be opened for. */
export type Tokens<ShortForm, Options> = ShortForm | Credential | TokenSource | ManySources<Options>

/** Opens a door. Throws `bad_options`. */
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
  const made =
    list === undefined ? makeSource(tokens as ShortForm | Credential, options, parts) : undefined
  const choice = choiceOf(list ?? [made as TokenSource])
  const baseUrl = baseUrlOf(choice, options)
  const { policies, chooser } = choice
  const { trustedOrigins = DEFAULTS.trustedOrigins, callerToken = DEFAULTS.callerToken } = options
  const [only] = list ?? [made]

  return {
    source: isTokenSource(only) && (list ?? [made]).length === 1 ? only : undefined,
    baseUrl,
    trustedOrigins,
    callerToken,
    judge: judgeDestinations(baseUrl, trustedOrigins, options.endpoints),
    policies,
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
    ...announcements(policies, options.onEvent, made),
    close: () => made?.close(),
  }
}

/** What is said of calls that carry no token of ours. The sources' own listeners hear of theirs. */
function announcements(
  policies: Choice['policies'],
  onEvent: OnEvent | undefined,
  made: TokenSource | undefined,
): Pick<Middleware, 'standAside' | 'skip'> {
  const debug = debugListener(platform)
  return {
    standAside({ token, endpoint }) {
      const event = { type: 'skipped', endpoint } as const
      const policy = policies[token]
      policy?.emit(event)
      if (made !== undefined) return
      const nobody = { kind: token, subject: 'a call with a token of its own' }
      emitTo(onEvent, policy?.credential ?? nobody, event)
      if (policy === undefined) emitTo(debug, nobody, event)
    },
    skip({ token, endpoint }) {
      const call = { kind: token, subject: 'a call that none of the sources serves' }
      const listeners = new Set(Object.values(policies).map((policy) => policy.onEvent))
      for (const listener of listeners.add(onEvent).add(debug))
        emitTo(listener, call, { type: 'skipped', endpoint, reason: 'no_source' })
    },
  }
}

/** A tenant that nobody looks at would be a misdirected call. */
function noTenants(endpoint: string, tenant: string): QyapiTokenError {
  const message =
    `The call of ${endpoint} for tenant '${tenant}' was not sent: there is no function that chooses ` +
    'among tenants. Attach one: ({ options }) => tenants.get(options.tenant).'
  return new QyapiTokenError('bad_options', message)
}

/** Sent with some other token, it would be a misdirected call too. */
function noTenantName(endpoint: string, tenant: unknown): QyapiTokenError {
  const given = tenant === '' ? "''" : `something of type ${typeof tenant}`
  const message =
    `The call of ${endpoint} was not sent: tenant must be a tenant's name (a non-empty string), ` +
    `a function that gives a source, or null for "no token", got ${given}.`
  return new QyapiTokenError('bad_options', message)
}

/** Sources and functions that are there already; `undefined`: the door makes its own source. */
function listed(tokens: unknown): SourceList<never> | undefined {
  if (isTokenSource(tokens)) return [tokens]
  if (typeof tokens === 'function') return [tokens as ChooseSource<never>]
  if (!Array.isArray(tokens)) return undefined
  if (tokens.length === 0)
    throw new QyapiTokenError(
      'bad_options',
      'tokens must be a source at least, got an empty array.',
    )
  return tokens
}

/** One address for all: a path table and an origin belong to it. */
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
  const doorOnly = new Set([
    'trustedOrigins',
    'callerToken',
    'endpoints',
    ...Object.keys(moreOptions),
  ])
  const ofSource = Object.entries(options).filter(([key]) => !doorOnly.has(key))
  return createTokenSource(credential, { transport, ...Object.fromEntries(ofSource) })
}

function shortForm<ShortForm>(tokens: ShortForm): ShortForm {
  if (!isPlainObject(tokens)) {
    const expected =
      '{ corpId, corpSecret }, a credential, a token source, an array of sources, or a function that gives one'
    throw badOption('tokens', expected, tokens)
  }
  const misplaced = Object.keys(tokens).find(isOptionName)
  if (misplaced === undefined) return tokens
  const message = `Unknown key '${misplaced}' beside the credential: ${misplaced} belongs in the third argument.`
  throw new QyapiTokenError('bad_options', message)
}
