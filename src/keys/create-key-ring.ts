import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { systemClock } from '../base/clock.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { assembleKeyRing } from './assemble-key-ring.js';
import { type ContentEncryption, isContentEncryption } from './content-key.js';
import type { KeyRing } from './key-ring.js';
import { assertKeyUsage, KeyUsage, type KeyUsageOptions } from './key-usage.js';
import { assertLasting } from './key-versions.js';
import { type KeySpec, readKeySpec } from './read-key-spec.js';
import { type RecipientKeys, readRecipients } from './read-recipients.js';

/** How keys are derived from roots. */
export interface DerivationOptions {
  /** Name of the environment; it separates the keys of staging and production. Default `production`. */
  readonly environment?: string;
  /** Content encryption of the keys that are derived from roots. Default `A256GCM`. RFC 7518 section 5.3. */
  readonly enc?: ContentEncryption;
}

export interface KeyRingOptions extends DerivationOptions {
  /** The version that encrypts; with several keys (a JWK Set) the first of them. */
  readonly current: KeySpec;
  /** Versions that only decrypt, so that tokens issued before a change of keys stay valid. Default: none. */
  readonly previous?: readonly KeySpec[];
  /**
   * Keys of resource servers by audience, as a JWK, mostly public ones: access tokens for that audience are encrypted
   * to it, all others under `current`. Default: none.
   */
  readonly recipients?: RecipientKeys;
  /** Counts what each key encrypts, and refuses more than is safe. Default: it is not counted. */
  readonly usage?: KeyUsageOptions;
  /** Where the creation is put on record. Default: nowhere. */
  readonly audit?: AuditTrail;
}

/**
 * Reads every source and builds the key ring.
 * @throws TypeError (as rejection) for a missing, malformed or weak key, two keys of one `kid`, a content
 *   encryption off the allow-list; and what the file system says of a key file.
 */
export async function createKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  assertOptions(options, KNOWN, 'createKeyRing');
  const { usage, audit = noAuditTrail } = options;
  const derivation = resolveDerivation(options);
  assertVersions(options);
  if (usage !== undefined) assertKeyUsage(usage, 'createKeyRing');
  assertAuditTrail(audit);

  const [first, ...rest] = await readKeySpec(options.current);
  if (first === undefined) throw new TypeError('current names no key');
  if (options.current.notAfter !== undefined) throw new TypeError('notAfter is for previous keys only');
  assertLasting([first, ...rest]);
  const previous = await Promise.all((options.previous ?? []).map(readKeySpec));
  const ring = assembleKeyRing({
    ...derivation,
    materials: [first, ...rest, ...previous.flat()],
    recipients: await readRecipients(options.recipients ?? {}),
    usage: usage && new KeyUsage({ ...usage, audit, clock: systemClock, onHighUse: async () => {} }),
  });

  await audit.record({ type: 'key_ring.created', current: ring.current, previous: ring.previous });
  return ring;
}

const KNOWN: KnownOptions<KeyRingOptions> = {
  current: true,
  previous: true,
  recipients: true,
  environment: true,
  enc: true,
  usage: true,
  audit: true,
};

function assertVersions(options: KeyRingOptions): void {
  if (options.current === undefined) throw new TypeError('current is missing: the key that encrypts');
  if (options.previous !== undefined && !Array.isArray(options.previous)) {
    throw new TypeError('previous must be an array of keys');
  }
}

/** @throws TypeError for an empty environment, or a content encryption off the allow-list. */
export function resolveDerivation(options: DerivationOptions): Required<DerivationOptions> {
  const { environment = 'production', enc = 'A256GCM' } = options;
  if (typeof environment !== 'string' || environment === '')
    throw new TypeError('environment must not be empty');
  if (!isContentEncryption(enc)) throw new TypeError('enc must be A256GCM, A192GCM or A128GCM');
  return { environment, enc };
}
