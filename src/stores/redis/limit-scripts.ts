import { SETTLEMENT_SECONDS, TOLERANCE_MS } from '../limit-store.js';
import { luaScript } from './redis-connection.js';

/** Epoch of all times in the scripts: 2025-01-01. Small numbers preserve fractions of a millisecond. */
export const EPOCH_MS = 1_735_689_600_000;

/** Maximum TTL in milliseconds. PEXPIRE accepts larger values, but Lua cannot represent them exactly. */
const MAX_EXPIRY_MS = 1e15;

/**
 * Common part of the Lua scripts. All keys are in one hash slot of a cluster. The first key is the reservation. Each
 * bucket adds three keys:
 * - hash: time at which each rate is fully refilled
 * - sorted set: admissions by end of lease
 * - sorted set: members of the group by end of membership
 *
 * ARGV: current time in ms, or '' for the server time; step as JSON.
 */
const PRELUDE = `
local step = cjson.decode(ARGV[2])
local now = tonumber(ARGV[1])
if now == nil then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 - ${EPOCH_MS} + tonumber(time[2]) / 1000
end
local reservation = KEYS[1]
local leaseMs = step.leaseMs

local function exact(number) return string.format('%.17g', number) end

local function keysOf(index) return KEYS[3 * index - 1], KEYS[3 * index], KEYS[3 * index + 1] end

local function spentUntil(rates, name) return tonumber(redis.call('HGET', rates, name) or 0) end

local function live(key, milliseconds)
  local expiry = math.min(math.ceil(milliseconds), ${MAX_EXPIRY_MS})
  if redis.call('PTTL', key) < expiry then redis.call('PEXPIRE', key, expiry) end
end

local function remaining(bucket, rates)
  local left = {}
  for _, rate in ipairs(bucket.rates) do
    local spent = math.max(0, spentUntil(rates, rate.name) - now)
    left[#left + 1] = tostring(math.floor((rate.windowMs - spent + ${TOLERANCE_MS}) / rate.intervalMs))
  end
  return left
end
`;

/**
 * Lua script that admits a step, or rejects it without spending any units.
 *
 * @returns the exceeded limits (bucket, limit, kind and wait in ms), and the remaining units of each rate by bucket.
 */
export const ADMIT = luaScript(`${PRELUDE}
local violations = {}
local function violate(index, limit, kind, wait)
  violations[#violations + 1] = { index, limit, kind, exact(wait) }
end

for index, bucket in ipairs(step.buckets) do
  local rates, leases, members = keysOf(index)
  for _, rate in ipairs(bucket.rates) do
    rate.after = math.max(spentUntil(rates, rate.name), now) + rate.intervalMs * rate.cost
    local wait = rate.after - now - rate.windowMs
    if wait > ${TOLERANCE_MS} then violate(index, rate.name, 'rate', wait) end
  end
  if bucket.concurrency then
    redis.call('ZREMRANGEBYSCORE', leases, '-inf', exact(now))
    if redis.call('ZCARD', leases) >= bucket.concurrency then violate(index, 'concurrency', 'concurrency', 1000) end
  end
  if bucket.maxMembers then
    redis.call('ZREMRANGEBYSCORE', members, '-inf', exact(now))
    if not redis.call('ZSCORE', members, bucket.name) and redis.call('ZCARD', members) >= bucket.maxMembers then
      local first = redis.call('ZRANGE', members, 0, 0, 'WITHSCORES')
      violate(index, 'group', 'group', tonumber(first[2]) - now)
    end
  end
end

if #violations == 0 then
  for index, bucket in ipairs(step.buckets) do
    local rates, leases, members = keysOf(index)
    for _, rate in ipairs(bucket.rates) do
      if rate.cost > 0 then
        redis.call('HSET', rates, rate.name, exact(rate.after))
        live(rates, rate.after - now + 1000)
      end
    end
    if bucket.concurrency then
      redis.call('ZADD', leases, exact(now + leaseMs), step.id)
      live(leases, leaseMs + 1000)
    end
    if bucket.maxMembers then
      redis.call('ZADD', members, exact(now + bucket.memberMs), bucket.name)
      live(members, bucket.memberMs + 1000)
    end
  end
  redis.call('SET', reservation, '1', 'PX', math.ceil(leaseMs + ${SETTLEMENT_SECONDS * 1000}))
end

local left = {}
for index, bucket in ipairs(step.buckets) do left[index] = remaining(bucket, (keysOf(index))) end
return { violations, left }
`);

/**
 * Lua script that renews the lease of an admission.
 *
 * @returns 1, or 0 if the lease has expired.
 */
export const RENEW = luaScript(`${PRELUDE}
if redis.call('EXISTS', reservation) == 0 then return 0 end
for index, bucket in ipairs(step.buckets) do
  local _, leases = keysOf(index)
  if bucket.concurrency then
    local ends = redis.call('ZSCORE', leases, step.id)
    if not ends or tonumber(ends) <= now then return 0 end
  end
end
for index, bucket in ipairs(step.buckets) do
  local _, leases = keysOf(index)
  if bucket.concurrency then
    redis.call('ZADD', leases, exact(now + leaseMs), step.id)
    live(leases, leaseMs + 1000)
  end
end
redis.call('PEXPIRE', reservation, math.ceil(leaseMs + ${SETTLEMENT_SECONDS * 1000}))
return 1
`);

/**
 * Lua script that settles an admission. New debt starts now, so earlier idle time does not reduce it.
 *
 * @returns 1, or 0 if the admission was already settled.
 */
export const SETTLE = luaScript(`${PRELUDE}
if redis.call('DEL', reservation) == 0 then return 0 end
for index, bucket in ipairs(step.buckets) do
  local rates, leases = keysOf(index)
  redis.call('ZREM', leases, step.id)
  for _, rate in ipairs(bucket.rates) do
    local used = step.used[rate.name]
    if used then
      local excess = used - rate.cost
      local before = spentUntil(rates, rate.name)
      if excess > 0 then before = math.max(before, now) end
      local after = before + excess * rate.intervalMs
      redis.call('HSET', rates, rate.name, exact(after))
      live(rates, math.max(after - now, 0) + 1000)
    end
  end
end
return 1
`);
