import type { TokenKind } from '../wecom/endpoints.js'

const BRAND = Symbol.for('qyapi-token.credential')

/** A token call, relative to `<baseUrl>/cgi-bin/`. */
export interface CredentialRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
}

/** What a token call is made of beyond the credential's own ids and secrets. */
export interface RequestInputs {
  /** The token that the call itself carries, where the credential `carries` one. */
  readonly token?: string
  /** The newest ticket, where the credential needs one. */
  readonly ticket?: string
}

/** Where the token comes from that a token call itself carries. A `TokenSource` is one. */
export interface ParentToken {
  run<T>(
    call: (token: string) => Promise<T>,
    options: {
      endpoint: string
      signal: AbortSignal
      errcodeOf: (answer: unknown) => number | undefined
    },
  ): Promise<T>
}

type Ticket = string | null | undefined

/** A ticket that WeCom pushes every 10 min, and that lives 30 min. */
export interface TicketNeed {
  /** e.g. `suite_ticket`. */
  readonly name: string
  /** What the user gave: read anew for each token call. */
  given(): Ticket | Promise<Ticket>
  /** The errcodes by which WeCom says that it is an old one. */
  readonly staleErrcodes: readonly number[]
}

/** How many calls WeCom allows an hour, and what it counts them by. */
export interface HourlyLimit {
  /** Whose calls: the same text for all sources that count together. */
  readonly of: string
  readonly most: number
}

/** One kind of token: what it is called, what it is good for, what refuses it, how it is asked for. */
export interface KindDefinition<Names extends string> {
  /** e.g. `self-built`. */
  readonly kind: string
  /** What it is called in answers and messages, e.g. `access_token`; its life is `expires_in`. */
  readonly tokenName: string
  /** Which paths it serves; none, if it signs pages. */
  readonly tokenKind: Exclude<TokenKind, 'none'> | undefined
  /** The errcodes by which WeCom refuses such a token. */
  readonly tokenInvalidErrcodes: readonly number[]
  /** For whom, e.g. `corp ww1234`: printed in errors and events. */
  subjectOf(ids: Readonly<Record<Names, string>>): string
  request(
    ids: Readonly<Record<Names, string>>,
    secret: string,
    inputs: RequestInputs,
  ): CredentialRequest
}

/** What came from elsewhere, still to be looked at. */
export interface ProvidedToken {
  readonly token?: unknown
  readonly expiresInSeconds?: unknown
}

/** One token of that kind: whose it is. */
interface CredentialDefinition<Names extends string> {
  /** What makes it this one and no other, by name. In clear in messages and in the key in a store. */
  readonly ids: Readonly<Record<Names, string>>
  /** The secret that counts now. Never to be printed; part of the key in a store, as a SHA-256. */
  secret(): string
  /** Another one's token, without which the token call cannot be made: the suite's, the app's. */
  readonly parent?: ParentToken
  /** The kind of the app by whose settings WeCom decides, where the token is had with that app's. */
  readonly holderKind?: string
  readonly ticket?: TicketNeed
  /** How often WeCom lets it be asked for. Never to be printed: an app is told by its secret. */
  limits?(): readonly HourlyLimit[]
  /** Brings the token from elsewhere: then there is no token call. */
  readonly provide?: (signal: AbortSignal) => Promise<ProvidedToken>
  /** Told the token that was thrown away. Never throws. */
  readonly refused?: (token: string) => void
}

/** What a token is asked with. Made by `selfBuilt` and its siblings. */
export interface Credential
  extends CredentialDefinition<string>,
    Omit<KindDefinition<string>, 'subjectOf' | 'request'> {
  readonly [BRAND]: true
  /** For whom: never a secret. */
  readonly subject: string
  request(inputs: RequestInputs): CredentialRequest
}

/**
 * Makes the function that makes credentials of a kind. What they share is kept once, since there
 * may be 100,000 of them.
 */
export function credentialKind<Names extends string>(
  definition: KindDefinition<Names>,
): (own: CredentialDefinition<Names>) => Credential {
  const { kind, tokenName, tokenKind, tokenInvalidErrcodes, subjectOf, request } = definition
  const shared = Object.freeze({
    [BRAND]: true as const,
    kind,
    tokenName,
    tokenKind,
    tokenInvalidErrcodes,
    get subject() {
      return subjectOf((this as unknown as Credential).ids)
    },
    request(this: Credential, inputs: RequestInputs) {
      return request(this.ids, this.secret(), inputs)
    },
  })
  return (own) => Object.freeze(Object.assign(Object.create(shared), own))
}

/** Also `true` for a credential that another copy of this package made. */
export function isCredential(value: unknown): value is Credential {
  return typeof value === 'object' && value !== null && BRAND in value
}

/**
 * The secret, for questions that are not worth an error: `undefined` while the user's function
 * throws. Who fetches hears of it.
 */
export function secretIfReadable(credential: Credential): string | undefined {
  try {
    return credential.secret()
  } catch {
    return undefined
  }
}

/** Whose token it is, whatever the secret: a credential of the same identity may take its place. */
export function identityOf({ kind, ids }: Credential): string {
  return [kind, ...Object.values(ids)].map(encodeURIComponent).join(':')
}
