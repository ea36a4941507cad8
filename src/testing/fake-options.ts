import {
  type Check,
  check,
  isFunction,
  isNumber,
  isPlainObject,
  isPromise,
  isText,
} from '../core/check.js'
import { badOption } from '../core/errors.js'
import type { FakeTenants } from './fake-tenants.js'
import type { FakeTokenSelector } from './fake-tokens.js'

/** A fake that ignores a mistake would let a test pass for the wrong reason. */
type Checks = Readonly<Record<string, Check>>

const TEXT: Check = [isText, 'a non-empty string']
const FUNCTION: Check = [isFunction, 'a function']
const BOOLEAN: Check = [(value) => typeof value === 'boolean', 'true or false']
const WHOLE: Check = [Number.isSafeInteger, 'a whole number']
const POSITIVE: Check = [(value) => isNumber(value) && value > 0, 'a number above 0']
const NOT_NEGATIVE: Check = [(value) => isNumber(value) && value >= 0, 'a number from 0 up']
const OBJECT: Check = [isPlainObject, 'an object']
const LIST: Check = [Array.isArray, 'an array']
const oneOf = (...values: readonly unknown[]): Check => [
  (value) => values.includes(value),
  values.map((value) => (typeof value === 'string' ? `'${value}'` : value)).join(' or '),
]

/** The required and optional fields of one token owner. */
interface Shape {
  readonly needs: Checks
  readonly may?: Checks
}

const CORP: Shape = { needs: { corpId: TEXT, permanentCode: TEXT } }
const TENANTS: Readonly<Record<keyof FakeTenants, Shape>> = {
  apps: { needs: { corpId: TEXT, corpSecret: TEXT } },
  suites: {
    needs: { suiteId: TEXT, suiteSecret: TEXT },
    may: { suiteTicket: TEXT, corps: LIST },
  },
  providers: { needs: { corpId: TEXT, providerSecret: TEXT } },
  downstreams: {
    needs: { corpId: TEXT, agentId: WHOLE },
    may: { businessType: oneOf(0, 1), upstreamCorpId: TEXT },
  },
  models: { needs: { modelId: TEXT, modelSecret: TEXT }, may: { modelTicket: TEXT } },
  devices: { needs: { modelId: TEXT, deviceSn: TEXT, deviceSecret: TEXT } },
}
const TENANT_LISTS: Checks = Object.fromEntries(Object.keys(TENANTS).map((key) => [key, LIST]))

const OPTIONS: Checks = {
  ...TENANT_LISTS,
  tokens: oneOf('new', 'same'),
  tokenText: FUNCTION,
  expiresInSeconds: POSITIVE,
  errorCodeHeader: BOOLEAN,
  now: FUNCTION,
}

/** Each throws `bad_options` for what is missing, unknown or wrong. */
export function checkFakeOptions(options: unknown): void {
  check(options, OPTIONS, 'options of fakeQyapi')
  checkLists(options as object)
}

export function checkTenants(tenants: unknown): void {
  check(tenants ?? null, TENANT_LISTS, 'the argument of add')
  checkLists(tenants as object)
}

export function checkCorp(corp: unknown): void {
  checkShape(corp, CORP, 'corp')
}

function checkLists(lists: object): void {
  for (const [name, list] of Object.entries(lists)) {
    if (!Object.hasOwn(TENANTS, name)) continue
    const shape = TENANTS[name as keyof FakeTenants]
    for (const one of (list as readonly unknown[] | undefined) ?? []) {
      checkShape(one, shape, `one of ${name}`)
      for (const corp of (one as { corps?: readonly unknown[] }).corps ?? []) checkCorp(corp)
    }
  }
}

function checkShape(value: unknown, { needs, may = {} }: Shape, where: string): void {
  check(value ?? null, { ...needs, ...may }, where)
  for (const [key, [, expected]] of Object.entries(needs))
    if ((value as Record<string, unknown>)[key] === undefined)
      throw badOption(key, expected, undefined)
}

const SELECTOR: Readonly<Record<keyof FakeTokenSelector, Check>> = {
  kind: oneOf('app', 'suite', 'provider', 'model', 'device', 'ticket'),
  corpId: TEXT,
  corpSecret: TEXT,
  suiteId: TEXT,
  agentId: WHOLE,
  modelId: TEXT,
  deviceSn: TEXT,
}
export const checkSelector = (only: unknown) => check(only, SELECTOR, 'the token selector')

const NEXT: Checks = {
  errcode: WHOLE,
  status: WHOLE,
  reset: BOOLEAN,
  truncate: BOOLEAN,
  delayMs: NOT_NEGATIVE,
  until: [isPromise, 'a promise'],
  body: [(value) => typeof value === 'string', 'a string'],
  headers: OBJECT,
}
export function checkNext(path: unknown, answer: unknown, times: unknown): void {
  checkPath(path)
  check(answer ?? null, NEXT, 'the next answer')
  if (!Number.isSafeInteger(times) || Number(times) < 0)
    throw badOption('times', 'a whole number from 0 up', times)
}

const ANSWER: Checks = {
  status: WHOLE,
  headers: OBJECT,
  json: OBJECT,
  body: [(value) => typeof value === 'string' || ArrayBuffer.isView(value), 'a string or bytes'],
}
export function checkEndpoint(path: unknown, endpoint: unknown): void {
  checkPath(path)
  if (typeof endpoint !== 'function') check(endpoint ?? null, ANSWER, 'the answer of an endpoint')
}

/** A path that no request has would never be answered. */
export function checkPath(path: unknown): void {
  if (isText(path) && !path.startsWith('/') && !path.startsWith('cgi-bin/')) return
  throw badOption('path', "a path below /cgi-bin/, e.g. 'user/get'", path)
}

export function checkPort(port: unknown): void {
  const isPort = Number.isSafeInteger(port) && Number(port) >= 0 && Number(port) <= 65_535
  if (port !== undefined && !isPort) throw badOption('port', 'a whole number from 0 to 65535', port)
}
