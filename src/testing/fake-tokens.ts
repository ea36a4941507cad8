/** A self-built app as the fake knows it; of a 代开发 app, `corpSecret` is the permanent code. */
export interface FakeApp {
  readonly corpId: string
  readonly corpSecret: string
}

/**
 * - `app`: an `access_token`, of a self-built app, of an authorised corp or of a downstream one
 * - `suite`, `provider`, `model`, `device`: their own
 * - `ticket`: a page ticket; no request carries it
 */
export type FakeTokenKind = 'app' | 'suite' | 'provider' | 'model' | 'device' | 'ticket'

/** Selects tokens: those that match all fields. */
export interface FakeTokenSelector {
  readonly kind?: FakeTokenKind
  /** Every token of that corp, of whatever app. */
  readonly corpId?: string
  /** The self-built app with that secret. */
  readonly corpSecret?: string
  /** That suite, and the corps that authorised it. */
  readonly suiteId?: string
  /** The downstream app. */
  readonly agentId?: number
  /** That hardware model, and its devices. */
  readonly modelId?: string
  readonly deviceSn?: string
}

/**
 * - `new`: every token request returns a new string; the older ones stay valid until they expire.
 * - `same`: a token request repeats the string while it lives, and makes it valid again after a `revoke`.
 */
export type TokenMode = 'new' | 'same'

/** The owner of tokens: the same object for all of its tokens. */
export interface FakeTokenOwner extends FakeTokenSelector {
  readonly kind: FakeTokenKind
  /** The authorisation was cancelled: none of its tokens is valid any more. */
  isGone?: boolean
}

/** An owner of tokens with what must not be shown: its secrets, and the tickets that were pushed. */
export interface KnownOwner {
  readonly owner: FakeTokenOwner
  readonly secrets: readonly string[]
}

/** The state of a request's token, and its owner. */
export interface TokenCheck {
  readonly state: 'good' | 'missing' | 'invalid' | 'expired'
  readonly owner?: FakeTokenOwner
}

/** A token that was issued, the n-th of all. */
export interface IssuedToken {
  readonly number: number
  readonly value: string
  readonly owner: FakeTokenOwner
  readonly expiresAt: number
  state: 'good' | 'revoked' | 'expired'
}

interface FakeTokensOptions {
  readonly mode: TokenMode
  readonly expiresInSeconds: number
  readonly now: () => number
  readonly textOf: (count: number, app: FakeApp, kind: FakeTokenKind) => string
}

/** As long as the real ones, with their characters. */
export function realisticText(count: number, { corpId }: FakeApp, kind: FakeTokenKind): string {
  const name = kind === 'app' ? 'token' : kind
  return `fake-${name}_${count}-${corpId}-`.padEnd(214, 'x0_-')
}

export type FakeTokens = ReturnType<typeof fakeTokens>

/** The issued tokens and their state. */
export function fakeTokens({ mode, expiresInSeconds, now, textOf }: FakeTokensOptions) {
  const issued = new Map<string, IssuedToken>()
  const latest = new Map<FakeTokenOwner, IssuedToken>()
  let count = 0

  function issue(owner: FakeTokenOwner): IssuedToken {
    const before = latest.get(owner)
    if (mode === 'same' && before && before.state !== 'expired' && now() < before.expiresAt) {
      before.state = 'good'
      return before
    }
    count += 1
    const value = textOf(count, asApp(owner), owner.kind)
    const expiresAt = now() + expiresInSeconds * 1000
    return keep({ number: count, value, owner, expiresAt, state: 'good' })
  }

  function keep(token: IssuedToken): IssuedToken {
    count = Math.max(count, token.number)
    issued.set(token.value, token)
    latest.set(token.owner, token)
    return token
  }

  return {
    expiresInSeconds,
    keep,
    /** All that were issued, in order. */
    list: () => [...issued.values()],
    find: (value: string | null) => issued.get(value ?? ''),
    /** A token under its field name in the answer, and its life in seconds. */
    give: (owner: FakeTokenOwner, name: string) => ({
      [name]: issue(owner).value,
      expires_in: expiresInSeconds,
    }),
    /** Whether this is a valid token of that kind. */
    check(value: string | null, kind: FakeTokenKind): TokenCheck {
      if (!value) return { state: 'missing' }
      const token = issued.get(value)
      if (token === undefined) return { state: 'invalid' }
      const { owner, state } = token
      if (owner.kind !== kind || owner.isGone || state === 'revoked')
        return { state: 'invalid', owner }
      if (state === 'expired' || now() >= token.expiresAt) return { state: 'expired', owner }
      return { state: 'good', owner }
    },
    end(state: 'revoked' | 'expired', only: FakeTokenSelector) {
      for (const token of issued.values()) if (isOf(token.owner, only)) token.state = state
    },
  }
}

const SELECTORS = [
  'kind',
  'corpId',
  'corpSecret',
  'suiteId',
  'agentId',
  'modelId',
  'deviceSn',
] as const

function isOf(owner: FakeTokenOwner, only: FakeTokenSelector): boolean {
  return SELECTORS.every((name) => only[name] === undefined || only[name] === owner[name])
}

/** `tokenText` has an app as its parameter: other owners are passed with their id as its `corpId`. */
function asApp({ corpId, corpSecret = '', suiteId, modelId, deviceSn }: FakeTokenOwner): FakeApp {
  return { corpId: corpId ?? suiteId ?? deviceSn ?? modelId ?? '', corpSecret }
}
