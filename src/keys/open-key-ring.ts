import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, systemClock } from '../base/clock.js';
import { assertMethod, assertOptions, assertPositiveNumber, type KnownOptions } from '../base/options.js';
import { type DerivationOptions, resolveDerivation } from './create-key-ring.js';
import { KeySetLoader } from './key-set-loader.js';
import type { KeySource } from './key-source.js';
import { assertKeyUsage, type KeyUsageOptions } from './key-usage.js';
import { type RotatingKeyRing, SourcedKeyRing } from './sourced-key-ring.js';

export interface OpenKeyRingOptions extends DerivationOptions {
  /** Where the versions are kept, as `fileKeySource({ file })`. */
  readonly source: KeySource;
  /** How often they are loaded again, in seconds, beside whenever the source tells of a change. Default 60. */
  readonly reloadSeconds?: number;
  /**
   * How long a new version is known before it encrypts, in seconds: at least two reloads, so that every instance has it
   * by then. Default 300, or three reloads where that is more.
   */
  readonly pendingSeconds?: number;
  /**
   * Longest lifetime of any token in seconds, refresh tokens included: a version decrypts for as long after another one
   * took its place. Default 7 776 000, 90 days.
   */
  readonly maxTokenLifetimeSeconds?: number;
  /** Age at which the current version is replaced by itself, in seconds. Default: by `rotate()` alone. */
  readonly rotateEverySeconds?: number;
  /** Counts what each key encrypts, refuses more than is safe, and rotates in time. Default: it is not counted. */
  readonly usage?: KeyUsageOptions;
  /** Longest wait for the source, in seconds. Default 5. */
  readonly loadTimeoutSeconds?: number;
  /** Where changes of keys, and outages of the source, are put on record. Default: nowhere. */
  readonly audit?: AuditTrail;
  /** Default: the clock of the machine. */
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

/** Clocks that differ, and the tolerance of readers. */
const SLACK_SECONDS = 120;

/** Unknown keys make the source be asked no more often than this, however many there are. */
const UNKNOWN_KEY_SECONDS = 10;

/**
 * Opens a key ring whose versions are kept in a source, follows its changes, and rotates them. While the source is away
 * the last good versions stay in force.
 * @throws TypeError (as rejection) for an option that makes no sense.
 * @throws Error where the source cannot be loaded, or holds no key ring, with the reason as its cause.
 */
export async function openKeyRing(options: OpenKeyRingOptions): Promise<RotatingKeyRing> {
  const settings = resolveOpenKeyRingOptions(options);
  const { maxTokenLifetimeSeconds, pendingSeconds, reloadSeconds } = settings;
  const loader = new KeySetLoader(settings);
  const first = await loader.loadFirst();
  const retainSeconds = maxTokenLifetimeSeconds + reloadSeconds + SLACK_SECONDS;
  const schedule = { pendingSeconds, retainSeconds };
  const follow = (ring: RotatingKeyRing): (() => void) => keepUp(ring, settings);
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
  assertMethod(source, 'load', 'source must be a KeySource: fileKeySource({ file })');
  const times = { reloadSeconds, loadTimeoutSeconds, pendingSeconds, maxTokenLifetimeSeconds };
  assertPositiveNumber(reloadSeconds, 'openKeyRing', 'reloadSeconds', 60);
  assertPositiveNumber(loadTimeoutSeconds, 'openKeyRing', 'loadTimeoutSeconds', 5);
  assertPositiveNumber(pendingSeconds, 'openKeyRing', 'pendingSeconds', 300);
  assertPositiveNumber(maxTokenLifetimeSeconds, 'openKeyRing', 'maxTokenLifetimeSeconds', 7_776_000);
  if (rotateEverySeconds !== undefined) {
    assertPositiveNumber(rotateEverySeconds, 'openKeyRing', 'rotateEverySeconds', 7_776_000);
  }
  if (pendingSeconds < 2 * reloadSeconds) throw new TypeError('pendingSeconds must be at least two reloads');
  if (rotateEverySeconds !== undefined && rotateEverySeconds <= pendingSeconds) {
    throw new TypeError('rotateEverySeconds must be more than pendingSeconds');
  }
  if (rotateEverySeconds !== undefined && source.replace === undefined) {
    throw new TypeError('rotateEverySeconds needs a source that can be written; this one is read-only');
  }
  assertAuditTrail(audit);
  if (options.usage !== undefined) assertKeyUsage(options.usage, 'openKeyRing');
  const unknownKeySeconds = Math.min(reloadSeconds, UNKNOWN_KEY_SECONDS);
  return {
    ...resolveDerivation(options),
    ...times,
    rotateEverySeconds,
    usage: options.usage,
    source,
    unknownKeySeconds,
    audit,
    clock,
  };
}

/**
 * Loads again at intervals and on word of the source, and rotates when it is time. Failures are on record already. One
 * run at a time: rotations that overlap would compete for the source, and the more there are the longer each takes.
 */
function keepUp(ring: RotatingKeyRing, settings: Settings): () => void {
  const { source, reloadSeconds } = settings;
  let isRunning = false;
  let hasChanged = false;
  const run = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    do {
      hasChanged = false;
      await maintain(ring, settings).catch(() => undefined);
    } while (hasChanged);
    isRunning = false;
  };
  const timer = setInterval(() => void run(), reloadSeconds * 1000).unref();
  const unwatch = source.watch?.(() => {
    hasChanged = true;
    void run();
  });
  return () => {
    clearInterval(timer);
    unwatch?.();
  };
}

async function maintain(ring: RotatingKeyRing, { rotateEverySeconds, clock }: Settings): Promise<void> {
  await ring.reload();
  if (rotateEverySeconds === undefined) return;
  const current = ring.versions.find(({ state }) => state === 'current');
  if (clock() - (current?.notBefore ?? 0) >= rotateEverySeconds) await ring.rotate();
}
