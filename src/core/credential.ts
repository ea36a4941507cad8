import type { TokenKind } from '../wecom/endpoints.js'

const BRAND = Symbol.for('qyapi-token.credential')

/** A token call, relative to `<baseUrl>/cgi-bin/`. */
export interface CredentialRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
}

/** One kind of token: whose it is, how it is asked for, where it stands in the answer. */
export interface CredentialDefinition {
  /** e.g. `self-built`. */
  readonly kind: string
  /** For whom, e.g. `corp ww1234`: printed in errors and events, so never a secret. */
  readonly subject: string
  /** What it is called in messages, e.g. `access_token`. */
  readonly tokenName: string
  /** Which paths it serves. */
  readonly serves: TokenKind
  /** The errcodes by which WeCom refuses such a token. */
  readonly refusalErrcodes: readonly number[]
  /** Ids that make it this one and no other: part of the key in a store, in clear. */
  readonly ids: readonly string[]
  /** Whatever must never be printed. Part of the key in a store, as a SHA-256. */
  secrets(): readonly string[]
  request(): CredentialRequest
  /** The token and its life in seconds, unchecked, out of the answer's JSON. */
  read(answer: Readonly<Record<string, unknown>>): { value: unknown; expiresIn: unknown }
}

/** What a token is asked with. Made by `selfBuilt` and its siblings. */
export interface Credential extends CredentialDefinition {
  readonly [BRAND]: true
}

export function defineCredential(definition: CredentialDefinition): Credential {
  return Object.freeze({ ...definition, [BRAND]: true as const })
}

/** Also `true` for a credential that another copy of this package made. */
export function isCredential(value: unknown): value is Credential {
  return typeof value === 'object' && value !== null && BRAND in value
}
