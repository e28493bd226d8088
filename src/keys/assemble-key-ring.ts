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
import type { KeyMaterial } from './parse-jwk.js';
import { toPublicJwk } from './public-jwk.js';

export interface KeyRingParts {
  readonly environment: string;
  readonly enc: ContentEncryption;
  /** Of several that could encrypt the first one does. */
  readonly materials: readonly [KeyMaterial, ...KeyMaterial[]];
  /** Keys of single audiences, each with `audience`; of several for one audience the first encrypts. Default: none. */
  readonly recipients?: readonly ContentKey[];
  /** Default: use is not counted. */
  readonly usage?: KeyUsage | undefined;
  /** Default: that of the machine. */
  readonly clock?: Clock;
}

/** Builds the ring from what the sources yielded. @throws TypeError for two keys of one `kid`, or one root twice. */
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
  const recipientFor = (audience: string) => recipients.find((key) => key.audience === audience);

  /** One key a root, in the order of the ring. */
  const deriveKeys = (purpose: KeyPurpose, audience: string): readonly DirectKey[] => {
    const scope = JSON.stringify([purpose, audience]);
    const known = derived.get(scope);
    if (known !== undefined) return known;
    const keys = roots.map((root) => deriveContentKey(root, { environment, purpose, audience, enc }));
    for (const key of keys) byKid.set(key.kid, key);
    derived.set(scope, keys);
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
          'A key that was given underived opens the tokens of every audience; export a root',
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

/** One secret under two names would derive the same keys twice, with ends that may differ. */
function assertDistinctRoots(roots: readonly RootKey[]): void {
  const isRepeated = roots.some(({ secret }, index) =>
    roots.slice(0, index).some((other) => other.secret.equals(secret)),
  );
  if (isRepeated) throw new TypeError('The key ring holds one root secret twice');
}

function isOpening(key: AsymmetricKey): boolean {
  return key.privateKey !== undefined;
}

function assertDecrypts(material: KeyMaterial): void {
  if (material.kind === 'key' && isAsymmetricKey(material.key) && !isOpening(material.key)) {
    throw new TypeError('A public key opens nothing: it belongs among the recipients, or is the current key');
  }
}

function assertEncrypts(key: ContentKey, purpose: KeyPurpose, audience: string): ContentKey {
  if (!key.encrypts) throw new TypeError('The current key of this ring only decrypts');
  if (key.purpose !== purpose) {
    throw new TypeError('A key that was given underived is for access tokens; refresh tokens need a root');
  }
  if (key.audience !== undefined && key.audience !== audience) {
    throw new TypeError('The current key of this ring is for another audience');
  }
  return key;
}

interface OctJwk extends Record<string, unknown> {
  readonly kty: 'oct';
  readonly kid: string;
  readonly alg: ContentEncryption;
  readonly use: 'enc';
  readonly key_ops: readonly string[];
  /** A member of our own: the audience that the key was derived for. */
  readonly aud?: string;
  readonly nbf?: NumericDate;
  readonly exp?: NumericDate;
  readonly k: string | undefined;
}

/** Exported keys decrypt only: the resource server that holds them issues nothing. */
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
