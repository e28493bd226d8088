import { randomBytes } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { ROOT_SECRET_BYTES } from './assert-key-bytes.js';
import type { Jwk, JwkSet, KeyMaterial } from './parse-jwk.js';

/**
 * What a version does: *pending* ones are known everywhere before they encrypt, the *current* one encrypts, *retiring*
 * ones decrypt what they encrypted until their end, *retired* ones nothing any more.
 */
export type KeyState = 'pending' | 'current' | 'retiring' | 'retired';

/** One version of a key ring, without its secret. */
export interface KeyVersion {
  readonly kid: string;
  readonly state: KeyState;
  /** From when on it encrypts. Absent: from the beginning. */
  readonly notBefore?: NumericDate;
  /** From when on it decrypts nothing. Absent: there is no end yet. */
  readonly notAfter?: NumericDate;
}

/** States follow from the times alone, so that all instances change over at the same moment, without a message. */
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
 * The version that encrypts: the one that began last, of several the first; where none has begun, which takes a clock
 * that is behind, the one that begins first.
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
 * From its end on, what a key encrypted would not be accepted any more.
 * @throws TypeError where all that encrypts has an end.
 */
export function assertLasting(materials: readonly KeyMaterial[]): void {
  const encrypting = materials.filter((material) => material.kind === 'root' || material.key.encrypts);
  if (encrypting.length > 0 && encrypting.every((material) => periodOf(material).notAfter !== undefined)) {
    throw new TypeError('The current key must not have an end (exp)');
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

/** Whether what begins at the one time encrypts rather than what begins at the other. */
function precedes(one: NumericDate, other: NumericDate, now: NumericDate): boolean {
  if (one > now || other > now) return one < other;
  return one > other;
}

/** How a rotation is timed. */
export interface RotationSchedule {
  /** How long a new version is pending. */
  readonly pendingSeconds: number;
  /** How long one decrypts after another took its place. */
  readonly retainSeconds: number;
}

/**
 * The set with a further root in it, pending, and an end for the versions that had none; what is retired is left out.
 * @returns `undefined` where a version is pending already: a rotation is under way.
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
 * The set in which one version has ended, at once. Where that was to take the place of the current one, the current one
 * has no end any more.
 * @throws TypeError for one that is not there, or is the current one.
 */
export function endVersion({ keys }: JwkSet, kid: string, now: NumericDate): JwkSet {
  if (!keys.some((jwk) => jwk['kid'] === kid)) throw new TypeError('The key ring has no version of that kid');
  const [current] = keys
    .filter((jwk) => isLive(jwk, now) && beginsAt(jwk) <= now)
    .sort((one, other) => beginsAt(other) - beginsAt(one));
  if (current === undefined || current['kid'] === kid) {
    throw new TypeError('This version encrypts: rotate first, and retire it once another one is current');
  }
  const ended = keys.map((jwk) => (jwk['kid'] === kid ? { ...jwk, exp: Math.floor(now) } : jwk));
  if (ended.some((jwk) => jwk['exp'] === undefined)) return { keys: ended };
  return { keys: ended.map((jwk) => (jwk['kid'] === current['kid'] ? withoutEnd(jwk) : jwk)) };
}

function withoutEnd({ exp: _, ...jwk }: Jwk): Jwk {
  return jwk;
}

/**
 * A JWK Set with one random root, to begin a key ring with.
 * @param now seconds since 1970.
 */
export function generateKeySet(now: NumericDate = Date.now() / 1000): JwkSet {
  return { keys: [createRoot(now, Math.floor(now))] };
}

function createRoot(now: NumericDate, begin: NumericDate): Jwk {
  return {
    kty: 'oct',
    // Hexadecimal: a kid is pasted behind a command, where a leading hyphen would read as an option.
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
