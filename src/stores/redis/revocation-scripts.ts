import { luaScript } from './redis-connection.js';

/**
 * Common part of the Lua scripts. All keys are in one hash slot of a cluster:
 * 1. hash: `epoch`, `complete-since`, and a field `:name` for each entry
 * 2. sorted set: names by expiry
 * 3. hash: number of entries by owner
 * 4. stream: log of added entries, which the replicas read
 */
const PRELUDE = `
local entries, expiry, owners, log = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local function live(milliseconds)
  for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) < tonumber(milliseconds) then redis.call('PEXPIRE', key, milliseconds) end
  end
end
`;

/**
 * Lua script that returns the epoch, `complete-since` and the last log entry. Starts a new epoch if the store is empty.
 *
 * ARGV: ID of a new epoch, current time or '' for the server time, TTL in ms.
 */
export const OPEN = luaScript(`${PRELUDE}
if redis.call('HEXISTS', entries, 'epoch') == 0 then
  local time = redis.call('TIME')
  local now = tonumber(ARGV[2]) or (tonumber(time[1]) + tonumber(time[2]) / 1000000)
  redis.call('HSET', entries, 'epoch', ARGV[1], 'complete-since', string.format('%d', math.ceil(now)))
end
if redis.call('XLEN', log) == 0 then redis.call('XADD', log, '*', '', '') end
live(ARGV[3])
return {
  redis.call('HGET', entries, 'epoch'),
  redis.call('HGET', entries, 'complete-since'),
  redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
}
`);

/**
 * Lua script that returns the run ID of the server, the next cursor and a batch of entries. A cursor is valid only on
 * the server process that created it. On a different server, a scan would skip entries.
 *
 * ARGV: cursor, approximate number of entries.
 */
export const SCAN = luaScript(`${PRELUDE}
local part = redis.call('HSCAN', entries, ARGV[1], 'COUNT', ARGV[2])
return { string.match(redis.call('INFO', 'server'), 'run_id:(%w+)'), part[1], part[2] }
`);

/**
 * Lua script that returns `complete-since` and the log entries after a position. Returns an empty list if the epoch
 * differs, or if the log no longer has the position.
 *
 * The content at the position must match too. Stream IDs can repeat after a failover if the clock of a server is behind
 * the end of its log.
 *
 * ARGV: epoch, position, content at the position, maximum number of entries, TTL in ms.
 */
export const POLL = luaScript(`${PRELUDE}
if redis.call('HGET', entries, 'epoch') ~= ARGV[1] then return {} end
local known = redis.call('XRANGE', log, ARGV[2], ARGV[2])[1]
if not known or table.concat(known[2], '|') ~= ARGV[3] then return {} end
if redis.call('PTTL', entries) < ARGV[5] / 2 then live(ARGV[5]) end
return { redis.call('HGET', entries, 'complete-since'), redis.call('XRANGE', log, '(' .. ARGV[2], '+', 'COUNT', ARGV[4]) }
`);

/**
 * Lua script that stores entries, merged with stored entries of the same names, and appends them to the log. Then
 * removes the entries that they replace, except any that has changed since it was read. Returns 'kept', or 'store' if
 * the store is full.
 *
 * ARGV: current time or '' for the server time, TTL in ms, length of the log, maximum number of stored entries, number
 * of new entries. For each new entry: name, cut-off or '', expiry, owner or '', fold or ''. For each entry to remove:
 * name, value.
 */
export const KEEP = luaScript(`${PRELUDE}
local now = ARGV[1] ~= '' and ARGV[1] or redis.call('TIME')[1]

-- Releases without folding parse the fold as part of the owner.
local function parse(value)
  local cutOff, expiresAt, rest = string.match(value, '^([^|]*)|([^|]*)|(.*)$')
  local owner, fold = string.match(rest, '^(.*)|fold:([^|]*)$')
  return cutOff, expiresAt, owner or rest, fold or ''
end

local function mergeFolds(one, other)
  local time, names = string.match(one, '^([^:]*):(.*)$')
  local otherTime, otherNames = string.match(other, '^([^:]*):(.*)$')
  if not time or names ~= otherNames then return '' end
  return (tonumber(time) > tonumber(otherTime) and time or otherTime) .. ':' .. names
end

local function count(owner, change)
  if owner == '' then return end
  if redis.call('HINCRBY', owners, owner, change) <= 0 then redis.call('HDEL', owners, owner) end
end

local function remove(name, owner)
  count(owner, -1)
  redis.call('HDEL', entries, ':' .. name)
  redis.call('ZREM', expiry, name)
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', '(' .. now, 'LIMIT', 0, 1000)) do
  local value = redis.call('HGET', entries, ':' .. name)
  if value then
    local _, _, owner = parse(value)
    remove(name, owner)
  else
    redis.call('ZREM', expiry, name)
  end
end

local lastAdded = 5 + 5 * tonumber(ARGV[5])
for i = 6, lastAdded, 5 do
  local name, cutOff, expiresAt, owner, fold = unpack(ARGV, i, i + 4)
  local present = redis.call('HGET', entries, ':' .. name)
  if present then
    local presentCutOff, presentExpiry, presentOwner, presentFold = parse(present)
    fold = mergeFolds(presentFold, fold)
    local reachesFurther = presentCutOff == '' or (cutOff ~= '' and tonumber(presentCutOff) > tonumber(cutOff))
    if reachesFurther then cutOff = presentCutOff end
    if tonumber(presentExpiry) > tonumber(expiresAt) then expiresAt = presentExpiry end
    if presentOwner ~= '' then owner = presentOwner else count(owner, 1) end
  else
    if redis.call('ZCARD', expiry) >= tonumber(ARGV[4]) then return 'store' end
    count(owner, 1)
  end
  local value = cutOff .. '|' .. expiresAt .. '|' .. owner .. (fold == '' and '' or '|fold:' .. fold)
  redis.call('HSET', entries, ':' .. name, value)
  redis.call('ZADD', expiry, expiresAt, name)
  redis.call('XADD', log, 'MAXLEN', '~', ARGV[3], '*', name, value)
end

for i = lastAdded + 1, #ARGV, 2 do
  local name, value = ARGV[i], ARGV[i + 1]
  if redis.call('HGET', entries, ':' .. name) == value then
    local _, _, owner = parse(value)
    remove(name, owner)
  end
end
live(ARGV[2])
return 'kept'
`);

/**
 * Lua script that moves `complete-since` to an earlier time. A replica calls it after it has restored all revocations
 * since that time.
 *
 * ARGV: epoch, time.
 */
export const VOUCH = luaScript(`${PRELUDE}
if redis.call('HGET', entries, 'epoch') ~= ARGV[1] then return 0 end
if tonumber(ARGV[2]) < tonumber(redis.call('HGET', entries, 'complete-since')) then
  redis.call('HSET', entries, 'complete-since', ARGV[2])
end
return 1
`);
