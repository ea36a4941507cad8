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

type Serves = 'app' | 'suite' | 'provider' | 'model' | 'device'

const remoteKind = (
  tokenKind: Serves,
  tokenName: string,
  tokenInvalidErrcodes: readonly number[],
) =>
  credentialKind<'tokenKind' | 'name'>({
    kind: 'remote',
    tokenName,
    tokenKind,
    tokenInvalidErrcodes,
    subjectOf: ({ name }) => name,
    request: () => {
      throw new TypeError('A remote token is brought by get(), never by a token call.')
    },
  })

const KINDS = {
  app: remoteKind('app', 'access_token', REFUSED_ACCESS_TOKEN),
  suite: remoteKind('suite', 'suite_access_token', REFUSED_SUITE_TOKEN),
  provider: remoteKind('provider', 'provider_access_token', REFUSED_PROVIDER_TOKEN),
  model: remoteKind('model', 'model_access_token', REFUSED_MODEL_TOKEN),
  device: remoteKind('device', 'device_access_token', REFUSED_DEVICE_TOKEN),
}

/** What a token service gives. */
export interface RemoteToken {
  readonly token: string
  /** For how much longer it lives, from now: the rest of its life if the service had it already. */
  readonly expiresInSeconds: number
}

/** A token service of one's own: it asks WeCom, we ask it. */
export interface RemoteTokenOptions {
  /** Whose token it is, e.g. `corp ww1234, app 7`. In clear in messages and in the key in a store. */
  readonly name: string
  /** Asks the service. `signal` is aborted at `tokenTimeoutMs`, or when the source is closed. */
  readonly get: (context: { signal: AbortSignal }) => RemoteToken | Promise<RemoteToken>
  /**
   * Tells the service that WeCom refuses this token; the next `get` waits until it has been told.
   * What it throws is ignored. A service that cannot be told takes `() => {}`.
   */
  readonly refused: (token: string) => unknown
  /**
   * What the token is good for.
   * @default 'app'
   */
  readonly tokenKind?: Serves
}

/**
 * A token that comes from a central token service instead of gettoken, which is never called here.
 * Each `get` is one try: retrying is the service's own business. What fails is remembered briefly.
 *
 * @throws `bad_options` if something is missing, or there is a key that it does not know.
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
  checkId('name', name, 'whose token it is')
  checkFunction('get', get, 'a function that asks the token service')
  checkFunction('refused', refused, 'a function that tells the token service, or () => {}')
  if (!Object.hasOwn(KINDS, tokenKind))
    throw badOption('tokenKind', `one of ${Object.keys(KINDS).join(', ')}`, tokenKind)
  const { tell, told } = reports(refused)

  return KINDS[tokenKind]({
    ids: { tokenKind, name },
    secret: () => '',
    async provide(signal) {
      await told()
      throwIfAborted(signal)
      return Object(await get({ signal }))
    },
    refused: tell,
  })
}

function checkFunction(name: string, value: unknown, expected: string): void {
  if (typeof value !== 'function') throw badOption(name, expected, value, true)
}

/** A token that is being reported would otherwise be given once more. */
function reports(refused: RemoteTokenOptions['refused']) {
  let underWay: Promise<unknown> | undefined
  return {
    tell(token: string): void {
      const told = (async () => refused(token))().catch(() => {})
      underWay = Promise.all([underWay, told])
    },
    /** Waits once: a report that hangs fails one fetch, not all that follow. */
    async told(): Promise<void> {
      const waitedFor = underWay
      underWay = undefined
      await waitedFor
    },
  }
}
