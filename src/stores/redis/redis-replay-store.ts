import { systemClock } from '../../base/clock.js';
import { assertReplayUse, type ReplayStore, type ReplayVerdict } from '../replay-store.js';
import { luaScript } from './redis-connection.js';
import { type RecordSetting, SLACK_MS, timeToLiveMs } from './redis-record.js';

/** Maximum number of expired proofs that one use deletes. The limit keeps each script short. */
const SWEEP_LIMIT = 100;

/**
 * Lua script that records a proof. The key is a sorted set of the digests of one key by expiry. A proof is deleted one
 * minute after it expires, to absorb clock skew.
 *
 * ARGV: current time, TTL in ms, digest, expiry, quota.
 */
const USE = luaScript(`
local proofs = KEYS[1]
local now, lifetime, digest, expiresAt, quota = unpack(ARGV)
if tonumber(expiresAt) <= tonumber(now) or redis.call('ZSCORE', proofs, digest) then return 'repeated' end
if redis.call('ZCOUNT', proofs, '(' .. now, '+inf') >= tonumber(quota) then return 'over_quota' end
local earliest = string.format('%.3f', tonumber(now) - ${SLACK_MS / 1000})
for _, expired in ipairs(redis.call('ZRANGEBYSCORE', proofs, '-inf', earliest, 'LIMIT', 0, ${SWEEP_LIMIT})) do
  redis.call('ZREM', proofs, expired)
end
redis.call('ZADD', proofs, expiresAt, digest)
if redis.call('PTTL', proofs) < tonumber(lifetime) then redis.call('PEXPIRE', proofs, lifetime) end
return 'first'
`);

/** Create a replay store that all instances share. All proofs of a key are in one hash slot of a cluster. */
export function redisReplayStore({ connection, prefix, clock = systemClock }: RecordSetting): ReplayStore {
  return {
    async use(use) {
      assertReplayUse(use);
      const { digest, jkt, quota, expiresAt } = use;
      const args = [clock(), timeToLiveMs(expiresAt, clock), digest, expiresAt, quota];
      return verdictOf(await connection.run(USE, [`${prefix}:replays:{${jkt}}`], args));
    },
  };
}

/** Convert a reply of the script. Any other reply rejects the proof. */
function verdictOf(reply: unknown): ReplayVerdict {
  return reply === 'first' || reply === 'over_quota' ? reply : 'repeated';
}
