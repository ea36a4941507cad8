import { READ_CLOCK } from '../../sharing/redis-script.js'
import { READ_RECORD } from './record.js'

/**
 * The newest fencing number, and the lease. A malformed number counts as 0. A lease is free if it
 * is malformed, has expired, or has more time left than requested (Redis' clock was set back).
 */
const READ_LEASE = `
local function fenceIn(key)
  local text = redis.pcall('GET', key)
  local fence = type(text) == 'string' and tonumber(text)
  return isGeneration(fence) and fence or 0
end
local function leaseIn(key)
  local text = redis.pcall('GET', key)
  if type(text) ~= 'string' then return nil end
  local isJson, lease = pcall(cjson.decode, text)
  if not isJson or type(lease) ~= 'table' then return nil end
  for _, name in ipairs({ 'number', 'floor', 'since', 'forMs' }) do
    if not isCount(lease[name]) then return nil end
  end
  local left = redis.call('PTTL', key)
  return left > 0 and left <= lease.forMs and lease or nil
end
local function keepLease(key, lease, life)
  local numbers = string.format('"number":%.0f,"floor":%.0f,"since":%.0f,"forMs":%.0f', lease.number, lease.floor, lease.since, lease.forMs)
  redis.call('SET', key, '{' .. numbers .. ',"holder":' .. cjson.encode(lease.holder) .. '}', 'PX', life)
end
`

/**
 * Stores a record, unless there is one that is as new, or its number is below the oldest that may
 * still arrive: after a takeover that is the first holder's.
 */
const KEEP_RECORD = `
local function keepRecord(tokenKey, lease, fenceKey, generation, text, life)
  local version, newest = record(tokenKey)
  local floor = lease and lease.floor or fenceIn(fenceKey)
  if version > VERSION or generation <= newest or generation < floor then return 0 end
  redis.call('SET', tokenKey, text, 'PX', life)
  return 1
end
`

/** token -> text and milliseconds left; another type counts as absent. */
export const GET = `
local text = redis.pcall('GET', KEYS[1])
if type(text) == 'table' and not string.find(text.err, 'WRONGTYPE', 1, true) then return text end
return type(text) == 'string' and { text, redis.call('PTTL', KEYS[1]) }
`

/** token, so that a cluster finds a node -> the milliseconds since 1970, as text. */
export const NOW = `${READ_CLOCK}
return string.format('%.0f', clock())
`

/** token, lease, fence; generation, record, life -> 1 if it was stored. */
export const SET = `${READ_RECORD}${READ_LEASE}${KEEP_RECORD}
return keepRecord(KEYS[1], leaseIn(KEYS[2]), KEYS[3], tonumber(ARGV[1]), ARGV[2], ARGV[3])
`

/** token; generation, and optionally the value -> 1 if it was deleted. */
export const DELETE = `${READ_RECORD}
local version, generation, value = record(KEYS[1])
if version ~= VERSION or generation ~= tonumber(ARGV[1]) then return 0 end
if ARGV[2] and ARGV[2] ~= value then return 0 end
return redis.call('DEL', KEYS[1])
`

/**
 * token, lease, fence, failure; holder, life, taken over after, above, the fence's life -> what was
 * found, or the lease's number. Large numbers are text. Redis before 7 may replicate whole scripts,
 * and then requires `replicate_commands` in a script that reads the time.
 */
export const ACQUIRE = `
if redis.replicate_commands then redis.replicate_commands() end
${READ_RECORD}${READ_LEASE}${READ_CLOCK}
local above = tonumber(ARGV[4])
local version, generation = record(KEYS[1])
if version == VERSION and generation > above then
  return { 'token', redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) }
end
local failure = redis.pcall('GET', KEYS[4])
if type(failure) == 'string' and redis.call('PTTL', KEYS[4]) > 0 then
  return { 'failure', failure, redis.call('PTTL', KEYS[4]) }
end
local now = clock()
local held = leaseIn(KEYS[2])
if held and held.holder == ARGV[1] then held = nil end
if held and math.abs(now - held.since) < tonumber(ARGV[3]) then
  return { 'held', string.format('%.0f', held.number), held.holder }
end
local number = math.max(fenceIn(KEYS[3]) + 1, above + 1, now)
local floor = held and held.floor or number
keepLease(KEYS[2], { number = number, floor = floor, since = now, forMs = tonumber(ARGV[2]), holder = ARGV[1] }, ARGV[2])
redis.call('SET', KEYS[3], string.format('%.0f', number), 'PX', ARGV[5])
return { 'lease', string.format('%.0f', number), held and held.holder }
`

/** lease; number, life -> 1 if it was renewed. */
export const RENEW = `${READ_RECORD}${READ_LEASE}
local lease = leaseIn(KEYS[1])
if not lease or lease.number ~= tonumber(ARGV[1]) then return 0 end
lease.forMs = tonumber(ARGV[2])
keepLease(KEYS[1], lease, ARGV[2])
return 1
`

/** token, lease, fence, failure; generation, record, life, number -> 1 if it was stored. */
export const PUBLISH = `${READ_RECORD}${READ_LEASE}${KEEP_RECORD}
local lease = leaseIn(KEYS[2])
local kept = keepRecord(KEYS[1], lease, KEYS[3], tonumber(ARGV[1]), ARGV[2], ARGV[3])
if kept == 1 then redis.call('DEL', KEYS[4]) end
if lease and lease.number == tonumber(ARGV[4]) then redis.call('DEL', KEYS[2]) end
return kept
`

/** lease, failure; number, and a failure with its life -> 1 if it was released. */
export const RELEASE = `${READ_RECORD}${READ_LEASE}
local lease = leaseIn(KEYS[1])
if not lease or lease.number ~= tonumber(ARGV[1]) then return 0 end
if ARGV[2] then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
return redis.call('DEL', KEYS[1])
`
