import { luaScript } from './redis-connection.js';

/**
 * Common part of the Lua scripts. All keys are in the hash slot of one client:
 * 1. hash: `revision`, `state` and `expires-at` of the family
 * 2. sorted set with scores of 0: index entries of the active families
 * 3. sorted set by expiry: index entries of each active family, as JSON
 *
 * The sets expire no earlier than their families. Index entries are removed one minute after their family expires, to
 * absorb clock skew.
 *
 * ARGV: current time, TTL in ms, state, expiry, index entries as JSON.
 */
const PRELUDE = `
local family, index, expiry = KEYS[1], KEYS[2], KEYS[3]
local now, lifetime, state, expiresAt, entries = unpack(ARGV)

local function leave(left)
  for _, entry in ipairs(cjson.decode(left)) do redis.call('ZREM', index, entry) end
  redis.call('ZREM', expiry, left)
end

local function enter()
  for _, entry in ipairs(cjson.decode(entries)) do redis.call('ZADD', index, 0, entry) end
  redis.call('ZADD', expiry, expiresAt, entries)
  for _, key in ipairs({ index, expiry }) do
    if redis.call('PTTL', key) < tonumber(lifetime) then redis.call('PEXPIRE', key, lifetime) end
  end
end

local function write(revision)
  redis.call('HSET', family, 'revision', revision, 'state', state, 'expires-at', expiresAt)
  redis.call('PEXPIRE', family, lifetime)
end
`;

/**
 * Lua script that stores a new family. Returns 1, or 0 if the ID is already in use.
 *
 * Additional ARGV: 1 if the family has already ended, otherwise 0; lower bound of the current time, or '' for the
 * server time. The lower bound prevents a clock that is temporarily fast from removing valid families.
 */
export const INSERT_FAMILY = luaScript(`${PRELUDE}
local present = redis.call('HGET', family, 'expires-at')
if present and tonumber(present) > tonumber(now) then return 0 end
local earliest = tonumber(ARGV[7]) or tonumber(redis.call('TIME')[1])
for _, expired in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', earliest - 60, 'LIMIT', 0, 100)) do
  leave(expired)
end
write(1)
if ARGV[6] == '0' then enter() end
return 1
`);

/**
 * Lua script that replaces a family. Returns 1, or 0 if the stored revision differs or the family has expired.
 *
 * Additional ARGV: expected revision; 1 if the family ends, otherwise 0.
 */
export const REPLACE_FAMILY = luaScript(`${PRELUDE}
local present = redis.call('HMGET', family, 'revision', 'expires-at')
if present[1] ~= ARGV[6] or tonumber(present[2]) <= tonumber(now) then return 0 end
write(tonumber(present[1]) + 1)
if ARGV[7] == '1' then leave(entries) else enter() end
return 1
`);
