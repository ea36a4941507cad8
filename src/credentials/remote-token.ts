import { type Credential, credentialKind } from '../core/credential.js'
import { badOption } from '../core/errors.js'
import { throwIfAborted } from '../core/wait.js'
import {
  REFUSED_ACCESS_TOKEN,
  REFUSED_DEVICE_TOKEN,
  REFUSED_MODEL_TOKEN,
  REFUSED_PROVIDER_TOKEN,
  REFUSED_SUITE_TOKEN,
} from '../wecom/errcodes.js'
import { checkId, checkKeys } from './credential-options.js'

/** The kinds of token that a service may provide: each takes its own paths. */
export type RemoteTokenKind = 'app' | 'suite' | 'provider' | 'model' | 'device'

/* @__NO_SIDE_EFFECTS__ */
function remoteKind(
  tokenKind: RemoteTokenKind,
  tokenName: string,
  tokenInvalidErrcodes: readonly number[],
) {
  return credentialKind<'tokenKind' | 'name'>({
    kind: 'remote',
    tokenName,
    tokenKind,
    tokenInvalidErrcodes,
    subjectOf: ({ name }) => name,
    request: () => {
      throw new TypeError('A remote token comes from get(), never from a token request.')
    },
  })
}

const KINDS = {
  app: remoteKind('app', 'access_token', REFUSED_ACCESS_TOKEN),
  suite: remoteKind('suite', 'suite_access_token', REFUSED_SUITE_TOKEN),
  provider: remoteKind('provider', 'provider_access_token', REFUSED_PROVIDER_TOKEN),
  model: remoteKind('model', 'model_access_token', REFUSED_MODEL_TOKEN),
  device: remoteKind('device', 'device_access_token', REFUSED_DEVICE_TOKEN),
}

/** The result of `get`. */
export interface RemoteToken {
  readonly token: string
  /**
   * The remaining lifetime from now on, not the original one if the service had cached the token.
   */
  readonly expiresInSeconds: number
}

/** Your own token service, which requests tokens from WeCom. */
export interface RemoteTokenOptions {
  /** The token's owner, e.g. `corp ww1234, app 7`. Readable in messages and in store keys. */
  readonly name: string
  /** Gets the token. `signal` is aborted after `tokenTimeoutMs`, or when the source is closed. */
  readonly get: (context: { signal: AbortSignal }) => RemoteToken | Promise<RemoteToken>
  /**
   * Reports to the service that WeCom refused this token; the next `get` waits for the report. Its
   * errors are ignored. If the service takes no reports, pass `() => {}`.
   */
  readonly refused: (token: string) => unknown
  /**
   * The kind of token, which decides the paths that take it.
   * @default 'app'
   */
  readonly tokenKind?: RemoteTokenKind
}

/**
 * A token from a central token service; this process never calls gettoken. Each `get` is one try:
 * the service has its own retries. A failure is remembered briefly (rule 10).
 *
 * @throws `bad_options` if something is missing or malformed, or a key is unknown.
 * @example
 * const credential = remoteToken({
 *   name: 'corp ww1234',
 *   get: async ({ signal }) => (await fetch('http://tokens.internal/ww1234', { signal })).json(),
 *   refused: (token) => fetch('http://tokens.internal/ww1234', { method: 'DELETE', body: token }),
 * })
 * const source = createTokenSource(credential)
 */
export function remoteToken(options: RemoteTokenOptions): Credential {
  checkKeys(options, 'remoteToken', ['name', 'get', 'refused', 'tokenKind'])
  const { name, get, refused, tokenKind = 'app' } = options
  checkId('name', name, "the token's owner")
  checkFunction('get', get, 'a function that gets the token from the token service')
  checkFunction('refused', refused, 'a function that reports to the token service, or () => {}')
  if (!Object.hasOwn(KINDS, tokenKind))
    throw badOption('tokenKind', `one of ${Object.keys(KINDS).join(', ')}`, tokenKind)
  const { report, reported } = reports(refused)

  return KINDS[tokenKind]({
    ids: { tokenKind, name },
    secret: () => '',
    async provide(signal) {
      await reported()
      throwIfAborted(signal)
      return Object(await get({ signal }))
    },
    refused: report,
  })
}

function checkFunction(name: string, value: unknown, expected: string): void {
  if (typeof value !== 'function') throw badOption(name, expected, value, true)
}

/** While a report is pending, the service would return the same token again. */
function reports(refused: RemoteTokenOptions['refused']) {
  let pending: Promise<unknown> | undefined
  return {
    report(token: string): void {
      const sent = (async () => refused(token))().catch(() => {})
      pending = Promise.all([pending, sent])
    },
    /** Waits once: a report that hangs fails one fetch, not all that follow. */
    async reported(): Promise<void> {
      const waitedFor = pending
      pending = undefined
      await waitedFor
    },
  }
}
