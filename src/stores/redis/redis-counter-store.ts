import { systemClock } from '../../base/clock.js';
import { assertStep, type CounterStore } from '../counter-store.js';
import { luaScript } from './redis-connection.js';
import { type RecordSetting, timeToLiveMs } from './redis-record.js';

/**
 * Lua script that increments a counter. Returns the total, or '' if it would exceed the limit.
 *
 * ARGV: current time, TTL in ms, increment, expiry, limit or ''.
 */
const ADD = luaScript(`
local present = redis.call('HMGET', KEYS[1], 'total', 'expires-at')
local isLive = present[2] and tonumber(present[2]) > tonumber(ARGV[1])
local total = (isLive and tonumber(present[1]) or 0) + tonumber(ARGV[3])
if ARGV[5] ~= '' and total > tonumber(ARGV[5]) then return '' end
local written = string.format('%.0f', total)
redis.call('HSET', KEYS[1], 'total', written)
if not isLive or tonumber(ARGV[4]) > tonumber(present[2]) then
  redis.call('HSET', KEYS[1], 'expires-at', ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return written
`);

export function redisCounterStore({ connection, prefix, clock = systemClock }: RecordSetting): CounterStore {
  const keyOf = (name: string): string => `${prefix}:counter:${name}`;

  return {
    async add(step) {
      assertStep(step);
      const { name, amount, limit = '', expiresAt } = step;
      const args = [clock(), timeToLiveMs(expiresAt, clock), amount, expiresAt, limit];
      const written = await connection.run(ADD, [keyOf(name)], args);
      return written === '' ? undefined : Number(written);
    },
    async read(name) {
      const answer = await connection.call('hmget', [keyOf(name), 'total', 'expires-at']);
      const [total, expiresAt] = Array.isArray(answer) ? answer : [];
      return Number(expiresAt) > clock() ? Number(total) : 0;
    },
  };
}
