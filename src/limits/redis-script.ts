import { READ_CLOCK } from '../sharing/redis-script.js'

/**
 * processes, epoch, one key for each counter; process, its lease in ms, a new epoch, the counters as
 * JSON -> the epoch, the number of processes, and for each counter: granted, milliseconds until there
 * is room (-1: unknown), milliseconds for which it is closed.
 *
 * A counter is a hash. `places`: how many places each process holds, which count as now, and until
 * when it has to say so again; then they count as used at that moment. Of each window: `t` calls with
 * an answer that count, in buckets from `f` to `l`. Ages, not times, go between the machines.
 */
export const SYNC = `
if redis.replicate_commands then redis.replicate_commands() end
${READ_CLOCK}
local me, lease, now = ARGV[1], tonumber(ARGV[2]), clock()
redis.call('SET', KEYS[2], ARGV[3], 'NX')
redis.call('ZADD', KEYS[1], now + lease, me)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], lease)
local function number(key, field) return tonumber(redis.call('HGET', key, field)) or 0 end
local function text(value) return string.format('%.0f', value) end
local function firstBucket(window) return math.floor((now + window.ahead - window.span) / window.bucket) end

local function expire(key, i, window)
  local first = number(key, 'f' .. i)
  local last = number(key, 'l' .. i)
  local alive = math.min(firstBucket(window), last + 1)
  if first >= alive then return first, last end
  local over = 0
  for id = first, alive - 1 do
    local field = 'b' .. i .. ':' .. text(id)
    local count = number(key, field)
    if count > 0 then
      over = over + count
      redis.call('HDEL', key, field)
    end
  end
  if over > 0 then redis.call('HINCRBY', key, 't' .. i, -over) end
  redis.call('HSET', key, 'f' .. i, text(alive))
  return alive, last
end

local function add(key, i, window, age, count)
  local id = math.floor((now - age + window.ahead) / window.bucket)
  if id < firstBucket(window) then return end
  local first, last = expire(key, i, window)
  if number(key, 't' .. i) == 0 or id < first then redis.call('HSET', key, 'f' .. i, text(id)) end
  if id > last then redis.call('HSET', key, 'l' .. i, text(id)) end
  redis.call('HINCRBY', key, 't' .. i, count)
  redis.call('HINCRBY', key, 'b' .. i .. ':' .. text(id), count)
end

local function nextRoom(key, i, window, first, last)
  for id = first, last do
    if number(key, 'b' .. i .. ':' .. text(id)) > 0 then
      return (id + 1) * window.bucket + window.span - window.ahead - now
    end
  end
  return -1
end

local replies = {}
for n, counter in ipairs(cjson.decode(ARGV[4])) do
  local key = KEYS[n + 2]
  local places = cjson.decode(redis.call('HGET', key, 'places') or '{}')
  local held, holders = 0, 0
  for process, place in pairs(places) do
    if process ~= me and place[2] <= now then
      for i, window in ipairs(counter.windows) do add(key, i, window, 0, place[1]) end
      places[process] = nil
    elseif process ~= me then
      held = held + place[1]
      holders = holders + 1
    end
  end
  held = held + counter.held
  for _, ended in ipairs(counter.ended) do
    for i, window in ipairs(counter.windows) do add(key, i, window, ended[1], ended[2]) end
  end
  local room, wait = counter.want, 0
  for i, window in ipairs(counter.windows) do
    local first, last = expire(key, i, window)
    local left = window.most - number(key, 't' .. i) - held
    room = math.min(room, math.max(0, math.ceil(left / (holders + 1))))
    room = math.min(room, math.max(0, left))
    if left < counter.want then
      local later = nextRoom(key, i, window, first, last)
      if later < 0 or wait < 0 then wait = -1 else wait = math.max(wait, later) end
    end
  end
  local closedUntil = number(key, 'closed')
  if counter.closeMs > 0 then closedUntil = math.max(closedUntil, now + counter.closeMs) end
  if closedUntil > now then
    room = 0
    redis.call('HSET', key, 'closed', text(closedUntil))
  end
  local kept = counter.held + room
  places[me] = kept > 0 and { kept, now + lease } or nil
  redis.call('HSET', key, 'places', next(places) and cjson.encode(places) or '{}')
  redis.call('PEXPIRE', key, math.max(counter.lifeMs, closedUntil - now) + lease)
  replies[n] = { room, math.ceil(wait), math.max(0, closedUntil - now) }
end
return { redis.call('GET', KEYS[2]), redis.call('ZCARD', KEYS[1]), replies }
`
