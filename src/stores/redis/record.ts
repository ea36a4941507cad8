import { isNumber, isPlainObject, isText } from '../../core/check.js'
import { parsed } from '../../core/errcode.js'
import type { StoredToken } from '../../core/store.js'

/** The version of the format. Later formats must have `v` and an expiry, too. */
const VERSION = 1

export function recordOf(token: StoredToken): string {
  const { generation, value, reconfirmedAtMs, requestMs } = token
  const expiresInMs = Math.floor(token.expiresInMs)
  return JSON.stringify({ v: VERSION, generation, expiresInMs, value, reconfirmedAtMs, requestMs })
}

/**
 * Lua: the version, generation and value under a key. A malformed record (by the same rules as
 * `tokenIn`) counts as absent, so that it can be overwritten.
 */
export const READ_RECORD = `
local VERSION = ${VERSION}
local function isCount(number)
  return type(number) == 'number' and number >= 0 and number <= 9007199254740991 and number % 1 == 0
end
local function isGeneration(number)
  return isCount(number) and number < 4503599627370496
end
local function record(key)
  local text = redis.pcall('GET', key)
  if type(text) ~= 'string' then return 0, 0 end
  local left = redis.call('PTTL', key)
  local isJson, found = pcall(cjson.decode, text)
  if left < 0 or not isJson or type(found) ~= 'table' or not isCount(found.v) then return 0, 0 end
  if found.v > VERSION then return found.v, 0 end
  local isToken = found.v == VERSION and type(found.value) == 'string' and found.value ~= ''
  local age = found.reconfirmedAtMs
  local isDated = isCount(found.expiresInMs) and left <= found.expiresInMs
  if not isToken or not isDated or not isGeneration(found.generation) then return 0, 0 end
  if age ~= nil and type(age) ~= 'number' then return 0, 0 end
  return found.v, found.generation, found.value
end
`

/**
 * The token in a text from Redis, with its remaining milliseconds. `undefined` if it is other text,
 * of a newer version, or has no expiry or a later one than its own.
 */
export function tokenIn(text: unknown, leftMs: number): StoredToken | undefined {
  const found = parsed(textOf(text))
  if (!isPlainObject(found)) return undefined
  const { v, value, generation, expiresInMs, reconfirmedAtMs, requestMs } = found
  const isToken = v === VERSION && isText(value) && isCount(generation) && generation < 2 ** 52
  const isDated = isCount(expiresInMs) && leftMs >= 0 && leftMs <= expiresInMs
  if (!isToken || !isDated) return undefined
  const token = { value, generation, ageMs: expiresInMs - leftMs, expiresInMs }
  if (reconfirmedAtMs === undefined) return token
  if (!isNumber(reconfirmedAtMs)) return undefined
  return { ...token, reconfirmedAtMs, ...(isNumber(requestMs) && { requestMs }) }
}

function isCount(value: unknown): value is number {
  return isNumber(value) && Number.isSafeInteger(value) && value >= 0
}

/** Clients can be configured to return bytes. */
export function textOf(reply: unknown): string {
  return reply instanceof Uint8Array ? new TextDecoder().decode(reply) : String(reply)
}
