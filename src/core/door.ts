import { isPlainObject, isText } from './check.js'
import {
  type CallToChooseFor,
  type Choice,
  type ChooseSource,
  choiceOf,
  chosenLender,
  isSameApi,
  type SourceList,
} from './choice.js'
import { type Credential, isCredential } from './credential.js'
import { debugListener } from './debug.js'
import { type Destination, type JudgeDestination, judgeDestinations } from './destination.js'
import { badOption, mustBe, QyapiTokenError } from './errors.js'
import { emitTo, type OnEvent } from './events.js'
import type { Lender } from './lender.js'
import { checkDoorOptions, DEFAULTS, type DoorOptions, isOptionName } from './options.js'
import { platform } from './platform.js'
import { createTokenSource, isTokenSource, type TokenSource } from './token-source.js'
import type { Transport } from './transport.js'
import { type Warnings, warningsOnce } from './warn.js'

/** What both doors do alike: whose token, for which destination. */
export interface Door {
  /** Where there is exactly one. */
  readonly source: TokenSource | undefined
  readonly baseUrl: string
  readonly trustedOrigins: readonly string[]
  readonly callerToken: 'keep' | 'replace'
  /** Where a final url leads; `undefined`: no token may go there. */
  readonly judge: JudgeDestination
  /** Whose token goes to a destination by the path table alone. */
  readonly lenders: Choice['lenders']
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
  ): Promise<Lender | undefined>
  /** The call brought a token of its own, and is left alone. */
  standAside(destination: Destination): void
  /** No source serves that path: the call goes out without a token. */
  skip(destination: Destination): void
  /** Closes the source if the door made it. */
  close(): void
}

export interface DoorParts<ShortForm> {
  /** Makes a credential of the short form. */
  readonly credentialOf: (shortForm: ShortForm) => Credential
  /** The client's own road, for a source that the door makes. */
  readonly transport: Transport
  /** Options that only this door knows. */
  readonly moreOptions?: Parameters<typeof checkDoorOptions>[1]['more']
}

/** Sources among which the path or a function chooses. */
export type ManySources<Options> = SourceList<Options> | ChooseSource<Options>

/** What a door can be opened for. */
export type Tokens<ShortForm, Options> = ShortForm | Credential | TokenSource | ManySources<Options>

/** Opens a door. Throws `bad_options`. */
export function openDoor<ShortForm>(
  tokens: Tokens<ShortForm, never>,
  options: DoorOptions,
  parts: DoorParts<ShortForm>,
): Door {
  const list = listed(tokens)
  checkDoorOptions(options, {
    makesSource: list === undefined,
    choosesBaseUrl: list?.every((item) => typeof item === 'function') ?? false,
    ...(parts.moreOptions && { more: parts.moreOptions }),
  })
  const made =
    list === undefined ? makeSource(tokens as ShortForm | Credential, options, parts) : undefined
  const choice = choiceOf(list ?? [made as TokenSource])
  const baseUrl = baseUrlOf(choice, options)
  const { lenders, chooser } = choice
  const { trustedOrigins = DEFAULTS.trustedOrigins, callerToken = DEFAULTS.callerToken } = options
  const [only] = list ?? [made]

  return {
    source: isTokenSource(only) && (list ?? [made]).length === 1 ? only : undefined,
    baseUrl,
    trustedOrigins,
    callerToken,
    judge: judgeDestinations(baseUrl, trustedOrigins, options.endpoints),
    lenders,
    hasChooser: chooser !== undefined,
    warnings: warningsOnce(),
    chooserFor({ token, endpoint }, tenant) {
      if (tenant === undefined) return lenders[token] === undefined ? chooser : undefined
      if (tenant === null) return () => null
      if (typeof tenant === 'function') return tenant as ChooseSource<never>
      if (isText(tenant) && chooser !== undefined) return chooser
      return () => {
        throw isText(tenant) ? noTenants(endpoint, tenant) : noTenantName(endpoint, tenant)
      }
    },
    async choose(choose, destination, call) {
      const namesTenant = Object(call.options).tenant !== undefined
      return chosenLender(await choose(call), destination, baseUrl, namesTenant)
    },
    ...announcements(lenders, options.onEvent, made),
    close: () => made?.close(),
  }
}

/** What is said of calls that carry no token of ours. The sources' own listeners hear of theirs. */
function announcements(
  lenders: Choice['lenders'],
  onEvent: OnEvent | undefined,
  made: TokenSource | undefined,
): Pick<Door, 'standAside' | 'skip'> {
  const debug = debugListener(platform)
  return {
    standAside({ token, endpoint }) {
      const event = { type: 'stood_aside', endpoint } as const
      const lender = lenders[token]
      lender?.emit(event)
      if (made !== undefined) return
      const nobody = { kind: token, subject: 'a call with a token of its own' }
      emitTo(onEvent, lender?.credential ?? nobody, event)
      if (lender === undefined) emitTo(debug, nobody, event)
    },
    skip({ token, endpoint }) {
      const call = { kind: token, subject: 'a call that none of the sources serves' }
      const listeners = new Set(Object.values(lenders).map((lender) => lender.onEvent))
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
function baseUrlOf({ lenders }: Choice, { baseUrl = DEFAULTS.baseUrl }: DoorOptions): string {
  const [first, ...others] = Object.values(lenders)
  const other = others.find((lender) => first && !isSameApi(first.baseUrl, lender.baseUrl))
  if (other !== undefined) {
    const expected = `sources of one baseUrl (${first?.baseUrl})`
    throw mustBe('tokens', expected, other.baseUrl)
  }
  return first?.baseUrl ?? baseUrl
}

function makeSource<ShortForm>(
  tokens: ShortForm | Credential,
  options: DoorOptions,
  { credentialOf, transport, moreOptions = {} }: DoorParts<ShortForm>,
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
