import type { TokenKind } from '../wecom/endpoints.js'

const BRAND = Symbol.for('qyapi-token.credential')

/** A token request, relative to `<baseUrl>/cgi-bin/`. */
export interface CredentialRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
}

/** Inputs of a token request besides the credential's own ids and secret. */
export interface RequestInputs {
  /** The parent's token, if the credential has a `parent`. */
  readonly token?: string
  /** The newest ticket, if the credential needs one. */
  readonly ticket?: string
}

/** The source of the token that a token request itself carries, e.g. a `TokenSource`. */
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

/** A ticket that WeCom pushes every 10 min, and that is valid for 30 min. */
export interface TicketNeed {
  /** e.g. `suite_ticket`. */
  readonly name: string
  /** The ticket option; read again for each token request. */
  given(): Ticket | Promise<Ticket>
  /** The errcodes with which WeCom calls the ticket stale. */
  readonly staleErrcodes: readonly number[]
}

/** How many calls WeCom allows an hour, and by which key it counts them. */
export interface HourlyLimit {
  /** The key: the same string for all sources that count together. */
  readonly of: string
  readonly most: number
}

/** A kind of token: its name, its paths, the errcodes that refuse it, and its token request. */
export interface KindDefinition<Names extends string> {
  /** e.g. `self-built`. */
  readonly kind: string
  /** Its name in answers and messages, e.g. `access_token`; its lifetime is `expires_in`. */
  readonly tokenName: string
  /** The paths that take it; `undefined` for tickets, which sign pages. */
  readonly tokenKind: Exclude<TokenKind, 'none'> | undefined
  /** The errcodes by which WeCom refuses such a token. */
  readonly tokenInvalidErrcodes: readonly number[]
  /** Its owner, e.g. `corp ww1234`: printed in errors and events. */
  subjectOf(ids: Readonly<Record<Names, string>>): string
  request(
    ids: Readonly<Record<Names, string>>,
    secret: string,
    inputs: RequestInputs,
  ): CredentialRequest
}

/** The unchecked result of `provide`. */
export interface ProvidedToken {
  readonly token?: unknown
  readonly expiresInSeconds?: unknown
}

/** What differs between credentials of a kind. */
interface CredentialDefinition<Names extends string> {
  /** Identify the credential. Readable in messages and in store keys. */
  readonly ids: Readonly<Record<Names, string>>
  /** The current secret. Never print it; store keys contain its SHA-256. */
  secret(): string
  /** The source whose token the token request carries, e.g. the suite's or the app's. */
  readonly parent?: ParentToken
  /** The kind of the app whose settings apply, if the token request carries an app's token. */
  readonly holderKind?: string
  readonly ticket?: TicketNeed
  /** WeCom's limits for its token requests. Never print them: their keys contain the secret. */
  limits?(): readonly HourlyLimit[]
  /** Gets the token from the user's own service instead of a token request. */
  readonly provide?: (signal: AbortSignal) => Promise<ProvidedToken>
  /** Called with each cleared token. Never throws. */
  readonly refused?: (token: string) => void
}

/** Ids and a secret of one kind, created e.g. by `selfBuilt`. */
export interface Credential
  extends CredentialDefinition<string>,
    Omit<KindDefinition<string>, 'subjectOf' | 'request'> {
  readonly [BRAND]: true
  /** The owner, for messages: never a secret. */
  readonly subject: string
  request(inputs: RequestInputs): CredentialRequest
}

/**
 * Returns a function that creates credentials of a kind. They share a prototype, since there may be
 * 100,000 of them.
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
 * The secret, or `undefined` while the user's function throws. Only a token request reports that
 * error.
 */
export function secretIfReadable(credential: Credential): string | undefined {
  try {
    return credential.secret()
  } catch {
    return undefined
  }
}

/** Kind and ids, without the secret: a credential can be replaced by one with the same identity. */
export function identityOf({ kind, ids }: Credential): string {
  return [kind, ...Object.values(ids)].map(encodeURIComponent).join(':')
}
