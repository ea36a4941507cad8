import { type Credential, isCredential } from './credential.js'
import { type Destination, type JudgeDestination, judgeDestinations } from './destination.js'
import { badOption, QyapiTokenError } from './errors.js'
import type { Lender } from './lender.js'
import {
  checkDoorOptions,
  DEFAULTS,
  type DoorOptions,
  isOptionName,
  isPlainObject,
} from './options.js'
import { createTokenSource, isTokenSource, lenderOf, type TokenSource } from './token-source.js'
import type { Transport } from './transport.js'

/** What both doors do alike: whose token, for which destination. */
export interface Door {
  readonly source: TokenSource
  readonly baseUrl: string
  readonly trustedOrigins: readonly string[]
  readonly callerToken: 'keep' | 'replace'
  /** Where a final url leads; `undefined`: no token may go there. */
  readonly judge: JudgeDestination
  /** Whose token goes to this destination; `undefined`: none of ours. */
  lenderFor(destination: Destination): Lender | undefined
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

/** Opens a door for the short form, a credential, or a source. Throws `bad_options`. */
export function openDoor<ShortForm>(
  tokens: ShortForm | Credential | TokenSource,
  options: DoorOptions,
  parts: DoorParts<ShortForm>,
): Door {
  const makesSource = !isTokenSource(tokens)
  checkDoorOptions(options, { makesSource, ...(parts.moreOptions && { more: parts.moreOptions }) })
  const source = makesSource ? makeSource(tokens, options, parts) : tokens
  const lender = lenderOf(source)
  const { trustedOrigins = DEFAULTS.trustedOrigins, callerToken = DEFAULTS.callerToken } = options

  return {
    source,
    baseUrl: lender.baseUrl,
    trustedOrigins,
    callerToken,
    judge: judgeDestinations(lender.baseUrl, trustedOrigins),
    lenderFor: ({ token }) => (token === lender.credential.serves ? lender : undefined),
    close: () => makesSource && source.close(),
  }
}

function makeSource<ShortForm>(
  tokens: ShortForm | Credential,
  options: DoorOptions,
  { credentialOf, transport, moreOptions = {} }: DoorParts<ShortForm>,
): TokenSource {
  const credential = isCredential(tokens) ? tokens : credentialOf(shortForm(tokens))
  const doorOnly = new Set(['trustedOrigins', 'callerToken', ...Object.keys(moreOptions)])
  const ofSource = Object.entries(options).filter(([key]) => !doorOnly.has(key))
  return createTokenSource(credential, { transport, ...Object.fromEntries(ofSource) })
}

function shortForm<ShortForm>(tokens: ShortForm): ShortForm {
  if (!isPlainObject(tokens)) {
    throw badOption('tokens', '{ corpId, corpSecret }, a credential, or a token source', tokens)
  }
  const misplaced = Object.keys(tokens).find(isOptionName)
  if (misplaced === undefined) return tokens
  const message = `Unknown key '${misplaced}' beside the credential: ${misplaced} belongs in the third argument.`
  throw new QyapiTokenError('bad_options', message)
}
