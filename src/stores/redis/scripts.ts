import { platform } from '../../core/platform.js'
import type { RedisCommand } from './command.js'
import { READ_RECORD } from './record.js'

/** Runs one of the scripts. */
export type RunScript = (
  script: string,
  keys: readonly string[],
  args?: readonly (string | number)[],
) => Promise<unknown>

/** The newest fencing number; anything that is none counts as 0. */
const READ_FENCE = `
local function fenceIn(key)
  local text = redis.pcall('GET', key)
  local fence = type(text) == 'string' and tonumber(text)
  return isCount(fence) and fence < 9007199254740991 and fence or 0
end
`

/** token -> text and milliseconds left; another type is as good as none. */
export const GET = `
local text = redis.pcall('GET', KEYS[1])
if type(text) == 'table' and not string.find(text.err, 'WRONGTYPE', 1, true) then return text end
return type(text) == 'string' and { text, redis.call('PTTL', KEYS[1]) }
`

/** token, fence; generation, record, life -> 1 if it was kept. */
export const SET = `${READ_RECORD}${READ_FENCE}
local version, newest = record(KEYS[1])
local generation = tonumber(ARGV[1])
if version > VERSION or generation <= newest or generation < fenceIn(KEYS[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`

/** token; generation -> 1 if it was removed. */
export const DELETE = `${READ_RECORD}
local version, generation = record(KEYS[1])
if version ~= VERSION or generation ~= tonumber(ARGV[1]) then return 0 end
return redis.call('DEL', KEYS[1])
`

/**
 * lease, fence; holder, life, above, the fence's life -> the fencing number, or nothing. A lease
 * that would never end is nobody's.
 */
export const ACQUIRE = `${READ_RECORD}${READ_FENCE}
local holder = redis.pcall('GET', KEYS[1])
local isFree = type(holder) ~= 'string' or holder == ARGV[1]
if not isFree and redis.call('PTTL', KEYS[1]) > 0 then return false end
local fence = math.max(fenceIn(KEYS[2]), tonumber(ARGV[3])) + 1
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], string.format('%.0f', fence), 'PX', ARGV[4])
return fence
`

/** lease; holder, life -> 1 if it was prolonged. */
export const RENEW = `
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`

/** lease; holder -> 1 if it was given back. */
export const RELEASE = `
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`

/** By its SHA-1, which is one round trip; by its text where the server has forgotten it. */
export function scriptRunner(command: RedisCommand): RunScript {
  const hashes = new Map<string, Promise<string>>()
  const hashOf = (script: string) => {
    const hash = hashes.get(script) ?? platform.sha1(script)
    hashes.set(script, hash)
    return hash
  }

  return async (script, keys, args = []) => {
    const rest = [keys.length, ...keys, ...args].map(String)
    try {
      return await command(['EVALSHA', await hashOf(script), ...rest]).catch((error) => {
        if (!isForgotten(error)) throw error
        return command(['EVAL', script, ...rest])
      })
    } catch (error) {
      // Intentionally not the client's error: it may carry the command, and with it the token.
      throw new Error(wordsOf(error))
    }
  }
}

/** Redis says NOSCRIPT, and valkey-glide makes `NoScriptError` of it. */
function isForgotten(error: unknown): boolean {
  return /NO_?SCRIPT/i.test(wordsOf(error))
}

function wordsOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'Redis gave no reply'
}
