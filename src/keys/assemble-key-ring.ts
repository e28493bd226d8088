import type { KeyObject } from 'node:crypto';
import { type Clock, type NumericDate, systemClock } from '../base/clock.js';
import { once } from '../base/once.js';
import {
  type AsymmetricKey,
  type ContentEncryption,
  type ContentKey,
  type DirectKey,
  isAsymmetricKey,
  type KeyPurpose,
} from './content-key.js';
import { deriveContentKey, deriveNonceKey, type RootKey } from './derive-content-key.js';
import type { KeyRing } from './key-ring.js';
import { bindInternals } from './key-ring-internals.js';
import type { KeyUsage } from './key-usage.js';
import { findCurrent, periodOf } from './key-versions.js';
import { createKidRecognizer } from './kid-recognizer.js';
import type { KeyMaterial } from './parse-jwk.js';
import { toPublicJwk } from './public-jwk.js';

export interface KeyRingParts {
  readonly environment: string;
  readonly enc: ContentEncryption;
  /** Roots and keys of the ring, without recipient keys. `findCurrent` selects the one that encrypts. */
  readonly materials: readonly [KeyMaterial, ...KeyMaterial[]];
  /**
   * Recipient keys, each with an `audience`. The first key of an audience encrypts.
   *
   * @default []
   */
  readonly recipients?: readonly ContentKey[];
  /**
   * Usage counter of the keys.
   *
   * @default undefined (usage is not counted)
   */
  readonly usage?: KeyUsage | undefined;
  /**
   * Source of the current time.
   *
   * @default the system clock
   */
  readonly clock?: Clock;
}

/**
 * Build a key ring from parsed keys.
 *
 * @throws TypeError if two keys share a `kid`, two roots share a secret, or a key other than the first is public.
 */
export function assembleKeyRing(parts: KeyRingParts): KeyRing {
  const { environment, enc, materials: own, recipients = [], usage, clock = systemClock } = parts;
  const materials = [...own, ...recipients.map((key) => ({ kind: 'key', key }) as const)];
  const roots = materials.flatMap((material) => (material.kind === 'root' ? [material.root] : []));
  const underived = materials.flatMap((material) => (material.kind === 'key' ? [material.key] : []));
  assertDistinctKids(materials);
  assertDistinctRoots(roots);
  own.slice(1).forEach(assertDecrypts);

  const byKid = new Map(underived.map((key) => [key.kid, key]));
  const derived = new Map<string, readonly DirectKey[]>();
  const asymmetric = underived.filter(isAsymmetricKey);
  const recognizer = createKidRecognizer(roots, { environment, enc });
  const nonceKeys = once(() => new Map(roots.map((root) => [root, deriveNonceKey(root, environment)])));
  const recipientFor = (audience: string) => recipients.find((key) => key.audience === audience);

  /** Derive one key per root, in the order of `roots`, and cache the keys. */
  const deriveKeys = (purpose: KeyPurpose, audience: string): readonly DirectKey[] => {
    const scope = JSON.stringify([purpose, audience]);
    const known = derived.get(scope);
    if (known !== undefined) return known;
    const keys = roots.map((root) => deriveContentKey(root, { environment, purpose, audience, enc }));
    for (const key of keys) byKid.set(key.kid, key);
    derived.set(scope, keys);
    if (purpose === 'access') recognizer.expect(audience);
    return keys;
  };

  const current = (): KeyMaterial => findCurrent(own, clock()) ?? own[0];

  const ring: KeyRing = Object.freeze({
    environment,
    get current() {
      return kidOf(current());
    },
    get previous() {
      return Object.freeze(materials.map(kidOf).filter((kid) => kid !== kidOf(current())));
    },
    maxTokenLifetimeSeconds: Number.POSITIVE_INFINITY,
    exportAccessKeys(audience: string) {
      if (current().kind === 'key') {
        throw new TypeError(
          'exportAccessKeys: the current key must be a root (key_ops "deriveKey"), because an underived key decrypts for every audience: add a root as current',
        );
      }
      return { keys: deriveKeys('access', audience).map(toJwk) };
    },
    exportPublicKeys: () => ({ keys: asymmetric.filter(isOpening).map(toPublicJwk) }),
  });

  bindInternals(ring, {
    prepare: (purpose, audience) => void deriveKeys(purpose, audience),
    encryptionKey(purpose, audience) {
      const recipient = purpose === 'access' ? recipientFor(audience) : undefined;
      if (recipient !== undefined) return recipient;
      const material = current();
      if (material.kind === 'key') return assertEncrypts(material.key, purpose, audience);
      const key = deriveKeys(purpose, audience)[roots.indexOf(material.root)];
      if (key === undefined)
        throw new TypeError('the key ring has no root: add a root secret or a JWK with key_ops "deriveKey"');
      return key;
    },
    claimUse: ({ kid }) => usage?.claim(kid),
    decryptionKey: (kid) => byKid.get(kid),
    hasSecret: (secret) => materials.some((material) => secretOf(material)?.equals(secret) === true),
    recognizeKid: (kid) => recognizer.recognize(kid),
    nonceKeys: () => currentFirst(nonceKeys(), current()),
    reloadForUnknownKey: async () => false,
    needsSignature: (audience) =>
      asymmetric.some((key) => key.audience === undefined || key.audience === audience),
  });
  return ring;
}

function secretOf(material: KeyMaterial): KeyObject | undefined {
  if (material.kind === 'root') return material.root.secret;
  return 'secret' in material.key ? material.key.secret : undefined;
}

/** List the keys of all roots, that of the current root first. */
function currentFirst(keys: ReadonlyMap<RootKey, KeyObject>, material: KeyMaterial): readonly KeyObject[] {
  const first = material.kind === 'root' ? keys.get(material.root) : undefined;
  const others = [...keys.values()].filter((key) => key !== first);
  return first === undefined ? others : [first, ...others];
}

function kidOf(material: KeyMaterial): string {
  return periodOf(material).kid;
}

function assertDistinctKids(materials: readonly KeyMaterial[]): void {
  const seen = new Set<string>();
  for (const kid of materials.map(kidOf)) {
    if (seen.has(kid))
      throw new TypeError(`two keys have the kid ${kid}: remove one, or give one a different kid`);
    seen.add(kid);
  }
}

/** Reject duplicate secrets. Two roots with one secret derive the same keys, possibly with different expiry times. */
function assertDistinctRoots(roots: readonly RootKey[]): void {
  const isRepeated = roots.some(({ secret }, index) =>
    roots.slice(0, index).some((other) => other.secret.equals(secret)),
  );
  if (isRepeated) throw new TypeError('two keys have the same root secret: remove one of them');
}

function isOpening(key: AsymmetricKey): boolean {
  return key.privateKey !== undefined;
}

function assertDecrypts(material: KeyMaterial): void {
  if (material.kind === 'key' && isAsymmetricKey(material.key) && !isOpening(material.key)) {
    throw new TypeError(
      'previous and all keys of current except the first must be able to decrypt, which a public key cannot: move the public key to recipients, or make it the first key of current',
    );
  }
}

function assertEncrypts(key: ContentKey, purpose: KeyPurpose, audience: string): ContentKey {
  if (!key.encrypts)
    throw new TypeError(
      'The current key can only decrypt (key_ops): issue tokens with the key ring that exported it, or use a different current key',
    );
  if (key.purpose !== purpose) {
    throw new TypeError(
      'the current key encrypts only access tokens, so it cannot encrypt refresh tokens: use a root (key_ops "deriveKey")',
    );
  }
  if (key.audience !== undefined && key.audience !== audience) {
    throw new TypeError(
      'the current key is restricted to a different audience by its aud, so it cannot encrypt tokens for this audience: use a key with this aud, or remove aud from the JWK',
    );
  }
  return key;
}

interface OctJwk extends Record<string, unknown> {
  readonly kty: 'oct';
  readonly kid: string;
  readonly alg: ContentEncryption;
  readonly use: 'enc';
  readonly key_ops: readonly string[];
  /** Audience for which the key was derived. Private member, not registered by RFC 7517. */
  readonly aud?: string;
  readonly nbf?: NumericDate;
  readonly exp?: NumericDate;
  readonly k: string | undefined;
}

/** Format a derived key as a JWK that only decrypts, because resource servers do not issue tokens. */
function toJwk(key: DirectKey): OctJwk {
  const { k } = key.secret.export({ format: 'jwk' });
  return {
    kty: 'oct',
    kid: key.kid,
    alg: key.enc,
    use: 'enc',
    key_ops: ['decrypt'],
    ...(key.audience === undefined ? {} : { aud: key.audience }),
    ...(key.notBefore === undefined ? {} : { nbf: key.notBefore }),
    ...(key.notAfter === undefined ? {} : { exp: key.notAfter }),
    k,
  };
}
