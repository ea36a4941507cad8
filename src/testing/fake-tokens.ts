/** An app as the fake knows it. */
export interface FakeApp {
  readonly corpId: string
  readonly corpSecret: string
}

/**
 * - `new`: every gettoken gives a new string; the older ones live on until their own end.
 * - `same`: gettoken repeats the string while it lives, and brings it back after a `revoke`.
 */
export type TokenMode = 'new' | 'same'

interface IssuedToken {
  readonly value: string
  readonly app: FakeApp
  readonly expiresAt: number
  state: 'good' | 'revoked' | 'expired'
}

interface FakeTokensOptions {
  readonly mode: TokenMode
  readonly expiresInSeconds: number
  readonly now: () => number
  readonly textOf: (count: number, app: FakeApp) => string
}

/** As long as the real ones, with their characters. */
export function realisticText(count: number, { corpId }: FakeApp): string {
  return `fake-token_${count}-${corpId}-`.padEnd(214, 'x0_-')
}

/** What the fake knows of apps and their tokens. */
export function fakeTokens({ mode, expiresInSeconds, now, textOf }: FakeTokensOptions) {
  const apps: FakeApp[] = []
  const issued = new Map<string, IssuedToken>()
  let count = 0

  const isApp = (app: FakeApp, corpId: string, corpSecret: string) =>
    app.corpId === corpId && app.corpSecret === corpSecret

  const isOf = ({ app }: IssuedToken, only: Partial<FakeApp>) =>
    (only.corpId ?? app.corpId) === app.corpId &&
    (only.corpSecret ?? app.corpSecret) === app.corpSecret

  function issue(app: FakeApp): IssuedToken {
    const latest = [...issued.values()].filter((token) => token.app === app).at(-1)
    const isRepeated =
      mode === 'same' && latest && latest.state !== 'expired' && now() < latest.expiresAt
    if (isRepeated) {
      latest.state = 'good'
      return latest
    }
    count += 1
    const value = textOf(count, app)
    const token: IssuedToken = {
      value,
      app,
      expiresAt: now() + expiresInSeconds * 1000,
      state: 'good',
    }
    issued.set(value, token)
    return token
  }

  return {
    add: (app: FakeApp) => apps.push(app),
    /** The errcode that a gettoken with these earns, or its answer. */
    gettoken(corpId: string | null, corpSecret: string | null) {
      if (!corpId) return { errcode: 41002 }
      if (!corpSecret) return { errcode: 41004 }
      if (!apps.some((app) => app.corpId === corpId)) return { errcode: 40013 }
      const app = apps.find((known) => isApp(known, corpId, corpSecret))
      if (app === undefined) return { errcode: 40001 }
      return { errcode: 0, access_token: issue(app).value, expires_in: expiresInSeconds }
    },
    /** The errcode that a call with this token earns; 0 if it is good. */
    check(value: string | null): { errcode: number; corpId?: string } {
      if (!value) return { errcode: 41001 }
      const token = issued.get(value)
      if (token === undefined) return { errcode: 40014 }
      const { corpId } = token.app
      if (token.state === 'revoked') return { errcode: 40014, corpId }
      if (token.state === 'expired' || now() >= token.expiresAt) return { errcode: 42001, corpId }
      return { errcode: 0, corpId }
    },
    end(state: 'revoked' | 'expired', only: Partial<FakeApp>) {
      for (const token of issued.values()) if (isOf(token, only)) token.state = state
    },
  }
}
