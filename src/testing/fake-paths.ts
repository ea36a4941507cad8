import { errorAnswer, type FakeAnswer } from './fake-answers.js'
import { type CarriedKind, ERRCODES, PARAMETERS, PATHS } from './fake-facts.js'
import type { FakeTokenOwner, FakeTokens } from './fake-tokens.js'

/** Which token a path takes, and in which parameter; `undefined`: none. */
interface Wanted {
  readonly kind: CarriedKind
  readonly parameter: string
}

const WANTED = new Map<string, Wanted | undefined>(
  PATHS.flatMap(({ kind, parameter, paths }) =>
    paths.map((path) => {
      const wanted = kind && { kind, parameter: parameter ?? PARAMETERS[kind] }
      return [path.replace(/\/$/, ''), wanted] as const
    }),
  ),
)

/** The path itself, or the nearest folder above it that has a row. */
function rowOf(path: string): string | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const row = path.slice(0, end)
    if (WANTED.has(row)) return row
  }
  return undefined
}

/** Whether WeCom certainly has such a path, so that it answers even without an `on`. */
export function isKnownPath(path: string): boolean {
  return rowOf(path) !== undefined
}

/** A path without a row takes the app's token. */
function tokenFor(path: string): Wanted | undefined {
  const row = rowOf(path)
  return row === undefined ? { kind: 'app', parameter: PARAMETERS.app } : WANTED.get(row)
}

/** The owner of the token that a request carries, and the refusal, if there is one. */
export interface Admission {
  readonly holder?: FakeTokenOwner | undefined
  readonly refusal?: FakeAnswer
}

/** Reads only the parameter that this path takes its token from. */
export function admit(tokens: FakeTokens, path: string, query: URLSearchParams): Admission {
  const wanted = tokenFor(path)
  if (wanted === undefined) return {}
  const { kind, parameter } = wanted
  const { state, owner } = tokens.check(query.get(parameter), kind)
  const given = Object.values(PARAMETERS).flatMap((name) => query.getAll(name).map(() => name))
  if (given.length > 1) return { holder: owner, refusal: twoTokens(path, given) }
  if (state === 'good') return { holder: owner }
  // The parameter decides which errcode means "missing": service/get_login_info takes an access_token.
  const named = parameter === PARAMETERS.app ? 'app' : kind
  const errcode = state === 'missing' ? ERRCODES[named].missing : ERRCODES[kind][state]
  return { holder: owner, refusal: errorAnswer(errcode, kind === 'app' ? { ip_list: [] } : {}) }
}

/**
 * Real WeCom misbehaves when a request carries a second token: it may read either, and answers as if
 * the valid one were invalid. The fake says so, so that no test mistakes it for a stale token.
 */
function twoTokens(path: string, given: readonly string[]): FakeAnswer {
  return { status: 400, body: `${path} came with more than one token: ${given.join(', ')}` }
}
