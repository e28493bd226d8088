import { type Clock, type NumericDate, systemClock } from '../base/clock.js';
import {
  type AsymmetricKey,
  type ContentEncryption,
  type ContentKey,
  type DirectKey,
  isAsymmetricKey,
  type KeyPurpose,
} from './content-key.js';
import { deriveContentKey, type RootKey } from './derive-content-key.js';
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
  /** The ring's own roots and keys. If several can encrypt, the first one does. */
  readonly materials: readonly [KeyMaterial, ...KeyMaterial[]];
  /** Recipient keys, each with its `audience`. The first key of an audience encrypts. Default: none. */
  readonly recipients?: readonly ContentKey[];
  /** Default: usage is not counted. */
  readonly usage?: KeyUsage | undefined;
  /** Default: the system clock. */
  readonly clock?: Clock;
}

/**
 * Builds a key ring from parsed keys.
 *
 * @throws TypeError if two keys share a `kid`, a root secret occurs twice, or a key other than the first is public.
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
  const recipientFor = (audience: string) => recipients.find((key) => key.audience === audience);

  /** Derives one key per root, in the order of the ring. */
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
          'exportAccessKeys() needs a root as the current key: an underived key decrypts the tokens of every audience',
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
      if (key === undefined) throw new TypeError('The key ring holds no root');
      return key;
    },
    claimUse: ({ kid }) => usage?.claim(kid),
    decryptionKey: (kid) => byKid.get(kid),
    recognizeKid: (kid) => recognizer.recognize(kid),
    reloadForUnknownKey: async () => false,
    needsSignature: (audience) =>
      asymmetric.some((key) => key.audience === undefined || key.audience === audience),
  });
  return ring;
}

function kidOf(material: KeyMaterial): string {
  return periodOf(material).kid;
}

function assertDistinctKids(materials: readonly KeyMaterial[]): void {
  const seen = new Set<string>();
  for (const kid of materials.map(kidOf)) {
    if (seen.has(kid)) throw new TypeError(`The key ring holds two keys with the kid ${kid}`);
    seen.add(kid);
  }
}

/** One secret under two key IDs would derive the same keys twice, possibly with different expiry times. */
function assertDistinctRoots(roots: readonly RootKey[]): void {
  const isRepeated = roots.some(({ secret }, index) =>
    roots.slice(0, index).some((other) => other.secret.equals(secret)),
  );
  if (isRepeated) throw new TypeError('The key ring holds the same root secret twice; remove one of them');
}

function isOpening(key: AsymmetricKey): boolean {
  return key.privateKey !== undefined;
}

function assertDecrypts(material: KeyMaterial): void {
  if (material.kind === 'key' && isAsymmetricKey(material.key) && !isOpening(material.key)) {
    throw new TypeError('A public key cannot decrypt: pass it in recipients or as the current key');
  }
}

function assertEncrypts(key: ContentKey, purpose: KeyPurpose, audience: string): ContentKey {
  if (!key.encrypts) throw new TypeError('The current key of this key ring cannot encrypt (key_ops)');
  if (key.purpose !== purpose) {
    throw new TypeError(
      'Refresh tokens need a root as the current key: an underived key is for access tokens only',
    );
  }
  if (key.audience !== undefined && key.audience !== audience) {
    throw new TypeError('The current key of this key ring is for another audience (aud)');
  }
  return key;
}

interface OctJwk extends Record<string, unknown> {
  readonly kty: 'oct';
  readonly kid: string;
  readonly alg: ContentEncryption;
  readonly use: 'enc';
  readonly key_ops: readonly string[];
  /** Member of this package, not registered: the audience that the key was derived for. */
  readonly aud?: string;
  readonly nbf?: NumericDate;
  readonly exp?: NumericDate;
  readonly k: string | undefined;
}

/** Exported keys can only decrypt, because resource servers do not issue tokens. */
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
