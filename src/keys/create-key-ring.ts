import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { systemClock } from '../base/clock.js';
import { awaitInContext, inContext } from '../base/in-context.js';
import { assertObject, assertOptions, type KnownOptions } from '../base/options.js';
import { assembleKeyRing } from './assemble-key-ring.js';
import { type ContentEncryption, isContentEncryption } from './content-key.js';
import { NO_KEYS } from './jwk.js';
import type { KeyRing } from './key-ring.js';
import { assertKeyUsage, KeyUsage, type KeyUsageOptions } from './key-usage.js';
import { assertLasting } from './key-versions.js';
import type { KeyMaterial } from './parse-jwk.js';
import { type KeySpec, readKeySpec } from './read-key-spec.js';
import { type RecipientKeys, readRecipients } from './read-recipients.js';

/** Options that determine derived keys. Set them to the same values on every instance. */
export interface DerivationOptions {
  /**
   * Environment of the derived keys. The same secret yields unrelated keys in `staging` and `production`.
   *
   * @default 'production'
   */
  readonly environment?: string;
  /**
   * Content encryption algorithm of derived keys (RFC 7518 §5.3).
   *
   * @default 'A256GCM'
   */
  readonly enc?: ContentEncryption;
}

/** Options of `createKeyRing()`. */
export interface KeyRingOptions extends DerivationOptions {
  /** Key that encrypts. In a JWK Set without `nbf`, the first key encrypts. */
  readonly current: KeySpec;
  /**
   * Keys that only decrypt. Tokens issued before a rotation remain valid.
   *
   * @default []
   */
  readonly previous?: readonly KeySpec[];
  /**
   * Keys of resource servers by audience, usually public JWKs. Access tokens for a listed audience are encrypted to its
   * key, all other tokens with `current`.
   *
   * @default {}
   */
  readonly recipients?: RecipientKeys;
  /**
   * Counts the messages encrypted under each key, and enforces a safe limit.
   *
   * @default undefined (not counted)
   */
  readonly usage?: KeyUsageOptions;
  /**
   * Receives `key_ring.created` and, with `usage`, `key.*` events.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
}

/**
 * Create a key ring from fixed keys. To rotate keys without a restart, use `openKeyRing()`.
 *
 * @throws TypeError (as rejection) if an option is missing or invalid, a key is malformed or weak, or two keys share
 *   a `kid`.
 * @throws Error (as rejection) if a key file cannot be read.
 * @example
 * const keyRing = await createKeyRing({
 *   current: { env: 'JWE_KEY' },
 *   previous: [{ env: 'JWE_KEY_PREVIOUS' }],
 * });
 */
export async function createKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  assertOptions(options, KNOWN, 'createKeyRing');
  const { usage, audit = noAuditTrail } = options;
  const derivation = resolveDerivation(options, 'createKeyRing');
  assertVersions(options);
  if (usage !== undefined) assertKeyUsage(usage, 'createKeyRing');
  assertAuditTrail(audit, 'createKeyRing');

  const [first, ...rest] = await awaitInContext('createKeyRing: current', () => readCurrent(options.current));
  const previous = await Promise.all(
    (options.previous ?? []).map((spec, index) =>
      awaitInContext(`createKeyRing: previous[${index}]`, () => readKeySpec(spec)),
    ),
  );
  const recipients = await awaitInContext('createKeyRing: recipients', () =>
    readRecipients(options.recipients ?? {}),
  );
  const ring = inContext('createKeyRing', () =>
    assembleKeyRing({
      ...derivation,
      materials: [first, ...rest, ...previous.flat()],
      recipients,
      usage: usage && new KeyUsage({ ...usage, audit, clock: systemClock, onHighUse: async () => {} }),
    }),
  );

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

async function readCurrent(spec: KeySpec): Promise<readonly [KeyMaterial, ...KeyMaterial[]]> {
  const [first, ...rest] = await readKeySpec(spec);
  if (first === undefined) throw new TypeError(NO_KEYS);
  if (spec.notAfter !== undefined)
    throw new TypeError('notAfter must not be set, because only previous keys may expire: remove it');
  assertLasting([first, ...rest]);
  return [first, ...rest];
}

function assertVersions(options: KeyRingOptions): void {
  if (options.current === undefined) {
    throw new TypeError(
      'createKeyRing: current is required: pass the key that encrypts, for example { env: "JWE_KEY" }',
    );
  }
  if (options.recipients !== undefined) {
    assertObject(options.recipients, 'createKeyRing: recipients', '{ [audience]: { file: "api.jwk" } }');
  }
  if (options.previous !== undefined && !Array.isArray(options.previous)) {
    throw new TypeError(
      'createKeyRing: previous must be an array of keys, for example [{ env: "JWE_KEY_PREVIOUS" }]',
    );
  }
}

/**
 * Validate `environment` and `enc`, and add their defaults.
 *
 * @param where the function that takes the options, for error messages.
 * @throws TypeError if `environment` is empty, or `enc` is not allowed.
 */
export function resolveDerivation(options: DerivationOptions, where: string): Required<DerivationOptions> {
  const { environment = 'production', enc = 'A256GCM' } = options;
  if (typeof environment !== 'string' || environment === '')
    throw new TypeError(`${where}: environment must be a non-empty string, for example "production"`);
  if (!isContentEncryption(enc))
    throw new TypeError(`${where}: enc must be "A256GCM", "A192GCM" or "A128GCM": omit it to use "A256GCM"`);
  return { environment, enc };
}
