import { luaScript } from './redis-connection.js';

/**
 * Keys, all in the slot of one client:
 * 1. hash: the family, with `revision`, `state` and `expires-at`;
 * 2. sorted set, all scores 0: the entries of the active families;
 * 3. sorted set: for each active family, the JSON of its entries, by expiry.
 * The sets expire no earlier than the families in them. Entries of expired families are removed a minute later, to
 * absorb clock skew.
 * ARGV: now, TTL in ms, state, expiry, JSON of the entries; each script may have more.
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
 * More ARGV: whether the family has already ended, 1 or 0; the earliest possible current time, or '' for the server
 * time: a clock that is temporarily fast must not remove families from the sets.
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

/** More ARGV: the revision that was read, and whether the family ends, 1 or 0. */
export const REPLACE_FAMILY = luaScript(`${PRELUDE}
local present = redis.call('HMGET', family, 'revision', 'expires-at')
if present[1] ~= ARGV[6] or tonumber(present[2]) <= tonumber(now) then return 0 end
write(tonumber(present[1]) + 1)
if ARGV[7] == '1' then leave(entries) else enter() end
return 1
`);
