import { randomBytes } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { ROOT_SECRET_BYTES } from './assert-key-bytes.js';
import type { Jwk, JwkSet, KeyMaterial } from './parse-jwk.js';

/**
 * State of a key version. *Pending*: distributed, does not encrypt yet. *Current*: encrypts. *Retiring*: only decrypts.
 * *Retired*: no longer decrypts.
 */
export type KeyState = 'pending' | 'current' | 'retiring' | 'retired';

/** A key version without its secret. */
export interface KeyVersion {
  /** Key ID. */
  readonly kid: string;
  /** Phase of the rotation. */
  readonly state: KeyState;
  /** Time from which the version encrypts, in seconds since 1970. Absent if there is no lower bound. */
  readonly notBefore?: NumericDate;
  /** Time from which the version no longer decrypts, in seconds since 1970. Absent until a rotation sets it. */
  readonly notAfter?: NumericDate;
}

/**
 * Return the state of each version. States depend on times only, so all instances switch at the same moment without
 * communication.
 */
export function describeVersions(materials: readonly KeyMaterial[], now: NumericDate): readonly KeyVersion[] {
  const current = findCurrent(materials, now);
  return materials.map((material) => {
    const { kid, notBefore, notAfter } = periodOf(material);
    return Object.freeze({
      kid,
      state: material === current ? 'current' : stateOf({ notBefore, notAfter }, now),
      ...(notBefore === undefined ? {} : { notBefore }),
      ...(notAfter === undefined ? {} : { notAfter }),
    });
  });
}

/**
 * Find the version that encrypts: the latest that has started, or the first of several that started together. If none
 * has started, for example because the clock is slow, return the earliest.
 */
export function findCurrent(materials: readonly KeyMaterial[], now: NumericDate): KeyMaterial | undefined {
  let current: KeyMaterial | undefined;
  for (const material of materials) {
    if (isRetired(periodOf(material), now)) continue;
    if (current === undefined || precedes(beginOf(material), beginOf(current), now)) current = material;
  }
  return current;
}

/**
 * Assert that at least one encryption key has no expiry. Its tokens must remain valid after a rotation.
 *
 * @throws TypeError if all keys that encrypt have an expiry.
 */
export function assertLasting(materials: readonly KeyMaterial[]): void {
  const encrypting = materials.filter((material) => material.kind === 'root' || material.key.encrypts);
  if (encrypting.length > 0 && encrypting.every((material) => periodOf(material).notAfter !== undefined)) {
    throw new TypeError(
      'the current key must not have exp: remove exp, because only previous keys may expire',
    );
  }
}

export function periodOf(material: KeyMaterial) {
  const { kid, notBefore, notAfter } = material.kind === 'root' ? material.root : material.key;
  return { kid, notBefore, notAfter };
}

interface Period {
  readonly notBefore: NumericDate | undefined;
  readonly notAfter: NumericDate | undefined;
}

function stateOf(period: Period, now: NumericDate): KeyState {
  if (isRetired(period, now)) return 'retired';
  return (period.notBefore ?? 0) > now ? 'pending' : 'retiring';
}

function isRetired({ notAfter }: Period, now: NumericDate): boolean {
  return notAfter !== undefined && notAfter <= now;
}

function beginOf(material: KeyMaterial): NumericDate {
  return periodOf(material).notBefore ?? 0;
}

/** Whether a version that starts at `one` takes precedence over a version that starts at `other`. */
function precedes(one: NumericDate, other: NumericDate, now: NumericDate): boolean {
  if (one > now || other > now) return one < other;
  return one > other;
}

/** Durations of the phases of a rotation. */
export interface RotationSchedule {
  /** Time that a new version is pending, in seconds. */
  readonly pendingSeconds: number;
  /** Time that a replaced version continues to decrypt, in seconds. */
  readonly retainSeconds: number;
}

/**
 * Add a pending root to a set, set an expiry for versions without one, and remove retired versions.
 *
 * @returns the new set, or `undefined` if a version is already pending.
 */
export function addVersion(
  { keys }: JwkSet,
  now: NumericDate,
  { pendingSeconds, retainSeconds }: RotationSchedule,
): JwkSet | undefined {
  const live = keys.filter((jwk) => isLive(jwk, now));
  if (live.some((jwk) => beginsAt(jwk) > now)) return undefined;
  const begin = Math.ceil(now + pendingSeconds);
  const kept = live.map((jwk) =>
    jwk['exp'] === undefined ? { ...jwk, exp: Math.ceil(begin + retainSeconds) } : jwk,
  );
  return { keys: [...kept, createRoot(now, begin)] };
}

/**
 * Expire one version of a set immediately. If the version is pending, the expiry of the current version is removed.
 *
 * @throws TypeError if the version does not exist or is the current one.
 */
export function endVersion({ keys }: JwkSet, kid: string, now: NumericDate): JwkSet {
  if (!keys.some((jwk) => jwk['kid'] === kid))
    throw new TypeError(
      'retire: the key ring has no version with this kid: list the versions with passport-jwe keys list',
    );
  const [current] = keys
    .filter((jwk) => isLive(jwk, now) && beginsAt(jwk) <= now)
    .sort((one, other) => beginsAt(other) - beginsAt(one));
  if (current === undefined || current['kid'] === kid) {
    throw new TypeError(
      'retire: the current version cannot be retired: rotate first, and retire it once the new version is current',
    );
  }
  const ended = keys.map((jwk) => (jwk['kid'] === kid ? { ...jwk, exp: Math.floor(now) } : jwk));
  if (ended.some((jwk) => jwk['exp'] === undefined)) return { keys: ended };
  return { keys: ended.map((jwk) => (jwk['kid'] === current['kid'] ? withoutEnd(jwk) : jwk)) };
}

function withoutEnd({ exp: _, ...jwk }: Jwk): Jwk {
  return jwk;
}

/**
 * Generate a JWK Set with one random root, the first version of a key ring. The set is secret.
 *
 * @param now the creation time in seconds since 1970. Default: the system time.
 * @example
 * await writeFile('keys.json', JSON.stringify(generateKeySet()), { mode: 0o600, flag: 'wx' });
 */
export function generateKeySet(now: NumericDate = Date.now() / 1000): JwkSet {
  return { keys: [createRoot(now, Math.floor(now))] };
}

function createRoot(now: NumericDate, begin: NumericDate): Jwk {
  return {
    kty: 'oct',
    // Hexadecimal, because a key ID with a leading hyphen would be an option on the command line.
    kid: randomBytes(12).toString('hex'),
    key_ops: ['deriveKey'],
    iat: Math.floor(now),
    nbf: begin,
    k: randomBytes(ROOT_SECRET_BYTES).toString('base64url'),
  };
}

function isLive({ exp }: Jwk, now: NumericDate): boolean {
  return typeof exp !== 'number' || exp > now;
}

function beginsAt({ nbf }: Jwk): NumericDate {
  return typeof nbf === 'number' ? nbf : 0;
}
