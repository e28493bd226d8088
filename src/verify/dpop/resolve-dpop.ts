import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { type Clock, systemClock } from '../../base/clock.js';
import type { DpopErrorStatus } from '../../base/dpop-errors.js';
import { assertNumber, assertOptions, assertPositiveInteger } from '../../base/options.js';
import type { KeyRingInternals } from '../../keys/key-ring-internals.js';
import { isVerificationAlgorithm } from '../../keys/verification-algorithms.js';
import { memoryReplayStore } from '../../stores/memory/memory-replay-store.js';
import type { ReplayStore } from '../../stores/replay-store.js';
import { requireStore } from '../../stores/require-store.js';
import {
  DPOP_OPTIONS,
  DPOP_REPLAY_OPTIONS,
  type DpopAlgorithm,
  type DpopOptions,
  type DpopReplayOptions,
} from './dpop-options.js';
import type { DpopSettings } from './dpop-verifier.js';
import { createTargetMatcher } from './proof-target.js';

/** Parts of a server on which its DPoP options depend. */
export interface DpopParts {
  readonly keyRing: Pick<KeyRingInternals, 'nonceKeys'>;
  readonly clockToleranceSeconds: number;
  readonly status: DpopErrorStatus;
  /** @default the system clock */
  readonly clock?: Clock | undefined;
}

/** Default of `algorithms`: those of the client libraries, the most frequent first. */
const DEFAULT_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256', 'ES384', 'ES512'] as const;

const DEFAULT_MAX_AGE_SECONDS = 60;
const MAX_MAX_AGE_SECONDS = 600;
const DEFAULT_PROOFS_PER_KEY = 10_000;

/** Minimum length of the secret of nonces, in characters. */
const MIN_SECRET_LENGTH = 32;
const NONCE_KEY_BYTES = 32;

/**
 * Validate the option `dpop` and apply the defaults.
 *
 * @param where function that takes the option, for the error messages
 * @throws TypeError if an option is missing, unknown or malformed, or nonces have neither a root nor a secret
 */
export function resolveDpop(options: DpopOptions, parts: DpopParts, where: string): DpopSettings {
  const place = `${where}: dpop`;
  assertOptions(options, DPOP_OPTIONS, place);
  const { mode, baseUrl, algorithms = DEFAULT_ALGORITHMS, maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS } = options;
  const { clock = systemClock, clockToleranceSeconds, status } = parts;
  if (mode !== 'allow' && mode !== 'require') {
    throw new TypeError(`${place}.mode must be "allow" or "require"`);
  }
  assertNumber(maxAgeSeconds, where, 'dpop.maxAgeSeconds', {
    ...{ from: 1, to: MAX_MAX_AGE_SECONDS, example: DEFAULT_MAX_AGE_SECONDS },
  });
  return {
    ...{ mode, baseUrl, maxAgeSeconds, clockToleranceSeconds, status, clock },
    algorithms: resolveAlgorithms(algorithms, place),
    matchesTarget: createTargetMatcher(baseUrl, `${place}.baseUrl`),
    nonceKeys: resolveNonceKeys(options.nonce, parts.keyRing, `${place}.nonce`),
    ...resolveReplay(options.replay, clock, where),
  };
}

function resolveAlgorithms(algorithms: readonly DpopAlgorithm[], place: string): readonly DpopAlgorithm[] {
  const isList = Array.isArray(algorithms) && algorithms.length > 0;
  if (!isList || !algorithms.every(isVerificationAlgorithm)) {
    throw new TypeError(
      `${place}.algorithms must be a non-empty array of signature algorithms, for example ["ES256", "EdDSA"]`,
    );
  }
  return Object.freeze([...new Set(algorithms)]);
}

function resolveNonceKeys(
  nonce: DpopOptions['nonce'] = false,
  keyRing: DpopParts['keyRing'],
  place: string,
): (() => readonly KeyObject[]) | undefined {
  if (nonce === false) return undefined;
  if (nonce !== true) return fixedKey(nonce, place);
  if (keyRing.nonceKeys().length === 0) {
    throw new TypeError(
      `${place}: the key ring has no root to derive nonces from: set ${place.slice(place.indexOf('dpop'))}.secret, the same in all processes`,
    );
  }
  return () => keyRing.nonceKeys();
}

function fixedKey(nonce: { readonly secret: string }, place: string): () => readonly KeyObject[] {
  assertOptions(nonce, { secret: true }, place);
  const { secret } = nonce;
  if (typeof secret !== 'string' || secret.length < MIN_SECRET_LENGTH) {
    throw new TypeError(
      `${place}.secret must be a string of at least ${MIN_SECRET_LENGTH} characters: generate it with "openssl rand -base64 32"`,
    );
  }
  const bytes = hkdfSync('sha256', secret, '', 'passport-jwe/v1 dpop-nonce', NONCE_KEY_BYTES);
  const keys = [createSecretKey(Buffer.from(bytes))];
  return () => keys;
}

function resolveReplay(
  replay: DpopReplayOptions = {},
  clock: Clock,
  where: string,
): { readonly replays: ReplayStore; readonly maxProofsPerKey: number } {
  assertOptions(replay, DPOP_REPLAY_OPTIONS, `${where}: dpop.replay`);
  const { stores, maxProofsPerKey = DEFAULT_PROOFS_PER_KEY } = replay;
  assertPositiveInteger(maxProofsPerKey, where, 'dpop.replay.maxProofsPerKey', DEFAULT_PROOFS_PER_KEY);
  const replays =
    stores === undefined
      ? memoryReplayStore(clock)
      : requireStore(stores, 'replays', where, 'dpop.replay.stores');
  return { replays, maxProofsPerKey };
}
