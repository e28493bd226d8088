import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, systemClock } from '../base/clock.js';
import { assertMethod, assertOptions, assertPositiveNumber, type KnownOptions } from '../base/options.js';
import { warnOfFailure } from '../base/warn-of-failure.js';
import { type DerivationOptions, resolveDerivation } from './create-key-ring.js';
import { followSource } from './follow-source.js';
import { KeySetLoader } from './key-set-loader.js';
import type { KeySource } from './key-source.js';
import { assertKeyUsage, type KeyUsageOptions } from './key-usage.js';
import { loadKeySet } from './load-key-set.js';
import { type RotatingKeyRing, SourcedKeyRing } from './sourced-key-ring.js';

/** Options of `openKeyRing()`. */
export interface OpenKeyRingOptions extends DerivationOptions {
  /** Source of the key versions, for example `fileKeySource({ file })`. */
  readonly source: KeySource;
  /**
   * Reload interval in seconds. Changes that the source reports are also loaded immediately.
   *
   * @default 60
   */
  readonly reloadSeconds?: number;
  /**
   * Time that a new version is pending before it encrypts, in seconds. At least twice `reloadSeconds`, because every
   * instance must load the version first.
   *
   * @default 300, or three times `reloadSeconds` if that is more
   */
  readonly pendingSeconds?: number;
  /**
   * Maximum lifetime of any token in seconds, including refresh tokens. A replaced version decrypts for at least this
   * long.
   *
   * @default 7_776_000 (90 days)
   */
  readonly maxTokenLifetimeSeconds?: number;
  /**
   * Maximum age of the current version in seconds. Older versions are rotated automatically. Requires a writable
   * source.
   *
   * @default undefined (no rotation by age)
   */
  readonly rotateEverySeconds?: number;
  /**
   * Counts the messages encrypted under each key, rotates early, and enforces a safe limit.
   *
   * @default undefined (not counted)
   */
  readonly usage?: KeyUsageOptions;
  /**
   * Timeout for loading the source in seconds.
   *
   * @default 5
   */
  readonly loadTimeoutSeconds?: number;
  /**
   * Receives audit events for key changes and outages of the source.
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

const KNOWN: KnownOptions<OpenKeyRingOptions> = {
  source: true,
  environment: true,
  enc: true,
  reloadSeconds: true,
  pendingSeconds: true,
  maxTokenLifetimeSeconds: true,
  rotateEverySeconds: true,
  usage: true,
  loadTimeoutSeconds: true,
  audit: true,
  clock: true,
};

/** Margin in seconds for clock skew and the clock tolerance of verifiers. */
const SLACK_SECONDS = 120;

/** Minimum time between two loads for unknown key IDs, in seconds. */
const UNKNOWN_KEY_SECONDS = 10;

/**
 * Open a key ring from a source. It reloads versions when they change, and can rotate them. While the source is
 * unavailable, the last valid versions remain in use.
 *
 * @throws TypeError (as rejection) if an option is missing or invalid.
 * @throws Error (as rejection) if the source cannot be loaded or its keys are invalid, with the reason as `cause`.
 * @example
 * const keyRing = await openKeyRing({
 *   source: fileKeySource({ file: 'keys.json' }), // written by `passport-jwe keys generate`
 *   rotateEverySeconds: 7 * 86_400,
 * });
 */
export async function openKeyRing(options: OpenKeyRingOptions): Promise<RotatingKeyRing> {
  const settings = resolveOpenKeyRingOptions(options);
  const { maxTokenLifetimeSeconds, pendingSeconds, reloadSeconds } = settings;
  const loader = new KeySetLoader({ ...settings, parse: (set) => loadKeySet(set, settings) });
  const first = await loader.loadFirst();
  const retainSeconds = maxTokenLifetimeSeconds + reloadSeconds + SLACK_SECONDS;
  const schedule = { pendingSeconds, retainSeconds };
  const rotate = rotateWhenDue(settings);
  const follow = (ring: RotatingKeyRing): (() => void) =>
    followSource(settings.source, reloadSeconds, async () => {
      await ring.reload();
      await rotate(ring);
    });
  const ring = new SourcedKeyRing({ ...settings, loader, first, schedule, follow });
  await settings.audit.record({ type: 'key_ring.created', current: ring.current, previous: ring.previous });
  return ring;
}

type Settings = ReturnType<typeof resolveOpenKeyRingOptions>;

function resolveOpenKeyRingOptions(options: OpenKeyRingOptions) {
  assertOptions(options, KNOWN, 'openKeyRing');
  const { source, reloadSeconds = 60, loadTimeoutSeconds = 5, rotateEverySeconds } = options;
  const { pendingSeconds = Math.max(300, 3 * reloadSeconds), maxTokenLifetimeSeconds = 7_776_000 } = options;
  const { audit = noAuditTrail, clock = systemClock } = options;
  assertMethod(
    source,
    'load',
    'openKeyRing: source must be a KeySource, for example fileKeySource({ file: "keys.json" })',
  );
  const times = { reloadSeconds, loadTimeoutSeconds, pendingSeconds, maxTokenLifetimeSeconds };
  assertPositiveNumber(reloadSeconds, 'openKeyRing', 'reloadSeconds', 60);
  assertPositiveNumber(loadTimeoutSeconds, 'openKeyRing', 'loadTimeoutSeconds', 5);
  assertPositiveNumber(pendingSeconds, 'openKeyRing', 'pendingSeconds', 300);
  assertPositiveNumber(maxTokenLifetimeSeconds, 'openKeyRing', 'maxTokenLifetimeSeconds', 7_776_000);
  if (rotateEverySeconds !== undefined) {
    assertPositiveNumber(rotateEverySeconds, 'openKeyRing', 'rotateEverySeconds', 7_776_000);
  }
  if (pendingSeconds < 2 * reloadSeconds)
    throw new TypeError(
      'openKeyRing: pendingSeconds must be at least twice reloadSeconds: raise it, or lower reloadSeconds',
    );
  if (rotateEverySeconds !== undefined && rotateEverySeconds <= pendingSeconds) {
    throw new TypeError(
      'openKeyRing: rotateEverySeconds must be greater than pendingSeconds, for example 604800 (7 days)',
    );
  }
  if (rotateEverySeconds !== undefined && source.replace === undefined) {
    throw new TypeError(
      'openKeyRing: rotateEverySeconds requires a writable source, but this source is read-only: omit the option',
    );
  }
  assertAuditTrail(audit, 'openKeyRing');
  if (options.usage !== undefined) assertKeyUsage(options.usage, 'openKeyRing');
  const unknownKeySeconds = Math.min(reloadSeconds, UNKNOWN_KEY_SECONDS);
  return {
    ...resolveDerivation(options, 'openKeyRing'),
    ...times,
    rotateEverySeconds,
    usage: options.usage,
    source,
    unknownKeySeconds,
    audit,
    clock,
  };
}

const warnOfRotation = warnOfFailure('Automatic rotation of a key ring failed', 'PASSPORT_JWE_KEY_RING');

/** Return a function that rotates a ring when due. Consecutive failures cause one warning. */
function rotateWhenDue({ rotateEverySeconds, clock }: Settings) {
  let isFailing = false;
  return async (ring: RotatingKeyRing): Promise<void> => {
    const current = ring.versions.find(({ state }) => state === 'current');
    if (rotateEverySeconds === undefined || clock() - (current?.notBefore ?? 0) < rotateEverySeconds) return;
    try {
      await ring.rotate();
      isFailing = false;
    } catch (error) {
      if (!isFailing) warnOfRotation(error);
      isFailing = true;
    }
  };
}
