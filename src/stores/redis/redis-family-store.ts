import { systemClock } from '../../clock.js';
import type { FamilyRecord, FamilyState, FamilyStore } from '../family-store.js';
import { luaScript } from './redis-connection.js';
import { type RecordSetting, timeToLiveMs } from './redis-record.js';

/** ARGV: now, time to live in ms, state, expiry. */
const INSERT = luaScript(`
local expiresAt = redis.call('HGET', KEYS[1], 'expires-at')
if expiresAt and tonumber(expiresAt) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'revision', 1, 'state', ARGV[3], 'expires-at', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`);

/** ARGV: now, time to live in ms, state, expiry, the revision that was read. */
const REPLACE = luaScript(`
local present = redis.call('HMGET', KEYS[1], 'revision', 'expires-at')
if present[1] ~= ARGV[5] or tonumber(present[2]) <= tonumber(ARGV[1]) then return 0 end
redis.call('HINCRBY', KEYS[1], 'revision', 1)
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'expires-at', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`);

export function redisFamilyStore({ connection, prefix, clock = systemClock }: RecordSetting): FamilyStore {
  const keyOf = (id: string): string => `${prefix}:family:${id}`;
  const argumentsOf = ({ state, expiresAt }: FamilyRecord) => [
    clock(),
    timeToLiveMs(expiresAt, clock),
    JSON.stringify(state),
    expiresAt,
  ];

  return {
    async insert(family) {
      return (await connection.run(INSERT, [keyOf(family.id)], argumentsOf(family))) === 1;
    },
    async find(id) {
      const answer = await connection.call('hmget', [keyOf(id), 'revision', 'expires-at', 'state']);
      const [revision, expiresAt, state] = Array.isArray(answer) ? answer : [];
      if (typeof state !== 'string' || Number(expiresAt) <= clock()) return undefined;
      const parsed: FamilyState = JSON.parse(state);
      return { id, revision: Number(revision), expiresAt: Number(expiresAt), state: parsed };
    },
    async replace(family) {
      const args = [...argumentsOf(family), family.revision];
      return (await connection.run(REPLACE, [keyOf(family.id)], args)) === 1;
    },
  };
}
