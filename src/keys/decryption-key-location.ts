import type { AuditTrail } from '../audit/record.js';
import { assertAuditTrail } from '../audit/record.js';
import type { Clock } from '../base/clock.js';
import {
  assertMethod,
  assertOptions,
  assertPositiveNumber,
  assertString,
  type KnownOptions,
} from '../base/options.js';
import type { PrivateFile } from '../base/read-private-file.js';
import type { Jwk, JwkSet } from './jwk.js';
import type { KeySource } from './key-source.js';
import type { DecryptionKeyDefaults } from './read-decryption-traits.js';

/**
 * Passphrase of an encrypted PEM key.
 *
 * @inline
 */
interface Encrypted {
  /**
   * Passphrase of an encrypted private key.
   *
   * @default undefined (the key is not encrypted)
   */
  readonly passphrase?: string;
}

/** PEM private key, or location of a JWK, a JWK Set or a PEM private key. */
export type DecryptionKeyText =
  | ({
      /** PEM private key: PKCS#8, encrypted PKCS#8, PKCS#1 or SEC 1. */
      readonly pem: string;
    } & Encrypted)
  /** Path of a file that contains a JWK, a JWK Set or a PEM private key. Other users must have no access (0600). */
  | (PrivateFile & Encrypted)
  | ({
      /** Name of an environment variable that contains a JWK, a JWK Set or a PEM private key. */
      readonly env: string;
    } & Encrypted);

/** Key source, which is reloaded. */
export interface DecryptionKeySource {
  /** Source of a JWK Set with private or symmetric keys, the current one first. */
  readonly source: KeySource;
  /**
   * Reload interval in seconds. Changes that the source reports are also loaded immediately. An unknown `kid` also
   * triggers a reload, at most once in 10 s.
   *
   * @default 60
   */
  readonly reloadSeconds?: number;
  /**
   * Timeout for loading the source in seconds.
   *
   * @default 5
   */
  readonly loadTimeoutSeconds?: number;
  /**
   * Receives audit events for outages of the source.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * Source of the current time.
   *
   * @default the system clock
   */
  readonly clock?: Clock;
}

/** Location of decryption keys, with members for keys that do not have them. */
export type DecryptionKeyLocation = (
  | {
      /** Private or symmetric JWK. */
      readonly jwk: Jwk;
    }
  | {
      /** JWK Set with private or symmetric keys, the current one first. */
      readonly jwks: JwkSet;
    }
  | DecryptionKeyText
  | DecryptionKeySource
) &
  DecryptionKeyDefaults;

type Member<Location = DecryptionKeyLocation> = Location extends unknown ? keyof Location : never;

const KNOWN: KnownOptions<Record<Member, unknown>> = {
  jwk: true,
  jwks: true,
  pem: true,
  file: true,
  env: true,
  source: true,
  passphrase: true,
  trustGroup: true,
  reloadSeconds: true,
  loadTimeoutSeconds: true,
  audit: true,
  clock: true,
  kid: true,
  alg: true,
  enc: true,
  notAfter: true,
};

const LOCATIONS = ['jwk', 'jwks', 'pem', 'file', 'env', 'source'];

/** Members that are allowed with certain locations only. */
const RESTRICTED: readonly (readonly [member: string, locations: readonly string[]])[] = [
  ['passphrase', ['pem', 'file', 'env']],
  ['trustGroup', ['file']],
  ...['reloadSeconds', 'loadTimeoutSeconds', 'audit', 'clock'].map((each) => [each, ['source']] as const),
];

const NO_LOCATION = `createDecryptionKeys: the key location must be an object with one of ${LOCATIONS.join(', ')}, for example { file: "api.jwk" }`;

/**
 * Assert that a value is the location of decryption keys, with members for this location only.
 *
 * @throws TypeError if the value is not a location, or a member is unknown, malformed or without effect.
 */
export function assertDecryptionKeyLocation(location: DecryptionKeyLocation): void {
  if (typeof location !== 'object' || location === null) throw new TypeError(NO_LOCATION);
  assertOptions(location, KNOWN, 'createDecryptionKeys');
  const [found, ...others] = LOCATIONS.filter((name) => Object.hasOwn(location, name));
  if (found === undefined || others.length > 0) throw new TypeError(NO_LOCATION);
  for (const [member, locations] of RESTRICTED) {
    if (Reflect.get(location, member) !== undefined && !locations.includes(found))
      throw new TypeError(
        `createDecryptionKeys: ${member} requires ${locations.join(', ')}: remove ${member}`,
      );
  }
  if ('source' in location) assertSource(location);
  if ('pem' in location) {
    assertString(location.pem, 'createDecryptionKeys', 'pem', '-----BEGIN PRIVATE KEY-----...');
  }
  if ('file' in location) assertString(location.file, 'createDecryptionKeys', 'file', 'api.jwk');
  if ('passphrase' in location && location.passphrase !== undefined) {
    assertString(location.passphrase, 'createDecryptionKeys', 'passphrase', 'correct horse battery staple');
  }
}

function assertSource({
  source,
  reloadSeconds,
  loadTimeoutSeconds,
  audit,
  clock,
}: DecryptionKeySource): void {
  assertMethod(
    source,
    'load',
    'createDecryptionKeys: source must be a KeySource, for example fileKeySource({ file: "keys.json" })',
  );
  if (reloadSeconds !== undefined)
    assertPositiveNumber(reloadSeconds, 'createDecryptionKeys', 'reloadSeconds', 60);
  if (loadTimeoutSeconds !== undefined)
    assertPositiveNumber(loadTimeoutSeconds, 'createDecryptionKeys', 'loadTimeoutSeconds', 5);
  if (audit !== undefined) assertAuditTrail(audit, 'createDecryptionKeys');
  if (clock !== undefined && typeof clock !== 'function') {
    throw new TypeError(
      'createDecryptionKeys: clock must be a function, for example () => Date.now() / 1000',
    );
  }
}
