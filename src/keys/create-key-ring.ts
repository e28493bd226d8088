import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { assertOptions, type KnownOptions } from '../options.js';
import { type ContentEncryption, isContentEncryption } from './content-key.js';
import { assembleKeyRing, type KeyRing } from './key-ring.js';
import type { KeyMaterial } from './parse-jwk.js';
import { type KeySpec, readKeySpec } from './read-key-spec.js';
import { type RecipientKeys, readRecipients } from './read-recipients.js';

export interface KeyRingOptions {
  /** The version that encrypts; with several keys (a JWK Set) the first of them. */
  readonly current: KeySpec;
  /** Versions that only decrypt, so that tokens issued before a change of keys stay valid. Default: none. */
  readonly previous?: readonly KeySpec[];
  /**
   * Keys of resource servers by audience, as a JWK, mostly public ones: access tokens for that audience are encrypted
   * to it, all others under `current`. Default: none.
   */
  readonly recipients?: RecipientKeys;
  /** Name of the environment; it separates the keys of staging and production. Default `production`. */
  readonly environment?: string;
  /** Content encryption of the keys that are derived from roots. Default `A256GCM`. RFC 7518 section 5.3. */
  readonly enc?: ContentEncryption;
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
  const { environment = 'production', enc = 'A256GCM', audit = noAuditTrail } = options;
  assertKeyRingOptions(options, environment, enc);
  assertAuditTrail(audit);

  const [first, ...rest] = await readKeySpec(options.current);
  if (first === undefined) throw new TypeError('current names no key');
  if (options.current.notAfter !== undefined) throw new TypeError('notAfter is for previous keys only');
  assertLasting(first);
  const previous = await Promise.all((options.previous ?? []).map(readKeySpec));
  const ring = assembleKeyRing({
    environment,
    enc,
    current: first,
    previous: [...rest, ...previous.flat()],
    recipients: await readRecipients(options.recipients ?? {}),
  });

  await audit.record({ type: 'key_ring.created', current: ring.current, previous: ring.previous });
  return ring;
}

/** From its end on, what a key encrypted would not be accepted any more. */
function assertLasting(current: KeyMaterial): void {
  const { notAfter, encrypts } = current.kind === 'root' ? { ...current.root, encrypts: true } : current.key;
  if (encrypts && notAfter !== undefined) throw new TypeError('The current key must not have an end (exp)');
}

const KNOWN: KnownOptions<KeyRingOptions> = {
  current: true,
  previous: true,
  recipients: true,
  environment: true,
  enc: true,
  audit: true,
};

function assertKeyRingOptions(options: KeyRingOptions, environment: string, enc: string): void {
  if (options.current === undefined) throw new TypeError('current is missing: the key that encrypts');
  if (options.previous !== undefined && !Array.isArray(options.previous)) {
    throw new TypeError('previous must be an array of keys');
  }
  if (typeof environment !== 'string' || environment === '')
    throw new TypeError('environment must not be empty');
  if (!isContentEncryption(enc)) throw new TypeError('enc must be A256GCM, A192GCM or A128GCM');
}
