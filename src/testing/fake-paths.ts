import { ENDPOINT_RULES, type EndpointRule, TOKEN_PARAMETERS } from '../wecom/endpoints.js'
import { errorAnswer, type FakeAnswer } from './fake-answers.js'
import type { FakeTokenKind, FakeTokenOwner, FakeTokens } from './fake-tokens.js'

type CarriedKind = Exclude<FakeTokenKind, 'ticket'>

const PARAMETERS: Readonly<Record<CarriedKind, string>> = {
  ...TOKEN_PARAMETERS,
  model: 'model_access_token',
}

/** 全局错误码, document/path/90313; 40082 and 42009 for providers as seen in public reports. */
const REFUSALS: Readonly<Record<CarriedKind, { invalid: number; expired: number }>> = {
  app: { invalid: 40014, expired: 42001 },
  suite: { invalid: 40082, expired: 42009 },
  provider: { invalid: 40082, expired: 42009 },
  model: { invalid: 710400, expired: 710401 },
}

/** By the parameter's name; that 41022 stands for the provider's too is a guess. */
const MISSING: Readonly<Record<string, number>> = {
  [PARAMETERS.app]: 41001,
  [PARAMETERS.suite]: 41022,
  [PARAMETERS.provider]: 41022,
  [PARAMETERS.model]: 710403,
}

/** Found otherwise than the doors find it, so that each checks the other. */
const RULES = new Map<string, EndpointRule>(
  ENDPOINT_RULES.map((rule) => [rule.path.replace(/\/$/, ''), rule]),
)

/** The rule of the path itself, or of the nearest folder above it. */
function ruleFor(path: string): EndpointRule | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const rule = RULES.get(path.slice(0, end))
    if (rule !== undefined) return rule
  }
  return undefined
}

/** The path table has no row for hardware: what is not in it below `openhw/` takes the model's. */
const isHardware = (path: string) => path.startsWith('openhw/')

/** Whether WeCom has such a path for certain, so that it answers even if nobody said what. */
export function isKnownPath(path: string): boolean {
  return ruleFor(path) !== undefined || isHardware(path)
}

/** Which token a path takes, and in which parameter; `undefined`: none. */
function tokenFor(path: string): { kind: CarriedKind; parameter: string } | undefined {
  const { token, parameter } = ruleFor(path) ?? { token: isHardware(path) ? 'model' : 'app' }
  if (token === 'none') return undefined
  return { kind: token, parameter: parameter ?? PARAMETERS[token] }
}

/** Whose token a call carries, and why it is refused, if it is. */
export interface Admission {
  readonly holder?: FakeTokenOwner | undefined
  readonly refusal?: FakeAnswer
}

/** Looks at the one parameter that this path reads its token from, and at that alone. */
export function admit(tokens: FakeTokens, path: string, query: URLSearchParams): Admission {
  const wanted = tokenFor(path)
  if (wanted === undefined) return {}
  const { kind, parameter } = wanted
  const { state, owner } = tokens.check(query.get(parameter), kind)
  const given = Object.values(PARAMETERS).flatMap((name) => query.getAll(name).map(() => name))
  if (given.length > 1) return { holder: owner, refusal: twoTokens(path, given) }
  if (state === 'good') return { holder: owner }
  const errcode = state === 'missing' ? (MISSING[parameter] ?? 41001) : REFUSALS[kind][state]
  return { holder: owner, refusal: errorAnswer(errcode, kind === 'app' ? { ip_list: [] } : {}) }
}

/**
 * Real WeCom misbehaves when a call carries a second token: it may read either, and answers as if
 * the good one were invalid. The fake says it aloud, so that no test takes it for a stale token.
 */
function twoTokens(path: string, given: readonly string[]): FakeAnswer {
  return { status: 400, body: `${path} came with more than one token: ${given.join(', ')}` }
}
