import { hash, type KeyObject } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { type DpopErrorStatus, InvalidDpopProofError, UseDpopNonceError } from '../../base/dpop-errors.js';
import { PassportJweError, RateLimitExceededError, TemporarilyUnavailableError } from '../../base/errors.js';
import { isThenable } from '../../base/is-thenable.js';
import type { DpopRejection } from '../../base/rejections.js';
import type { IncomingRequest } from '../../http/incoming-request.js';
import { readFields } from '../../http/read-fields.js';
import type { ReplayStore, ReplayUse, ReplayVerdict } from '../../stores/replay-store.js';
import { verifySignature } from '../../token/verify-signature.js';
import { createDpopNonces } from './dpop-nonces.js';
import type { DpopAlgorithm } from './dpop-options.js';
import { type ParsedProof, parseProof } from './parse-proof.js';
import { createProofKeyReader } from './proof-keys.js';
import { type ProofState, proofStateOf } from './proof-state.js';
import type { TargetedRequest, TargetMatcher } from './proof-target.js';

/** Validated options of DPoP, with defaults applied. */
export interface DpopSettings {
  readonly mode: 'allow' | 'require';
  readonly baseUrl: string;
  readonly matchesTarget: TargetMatcher;
  readonly algorithms: readonly DpopAlgorithm[];
  readonly maxAgeSeconds: number;
  readonly clockToleranceSeconds: number;
  /** Keys of the nonces, the current one first. `undefined` if proofs need no nonce. */
  readonly nonceKeys: (() => readonly KeyObject[]) | undefined;
  readonly replays: ReplayStore;
  readonly maxProofsPerKey: number;
  /** Status of the errors: 401 of a resource server, 400 of the token endpoint. */
  readonly status: DpopErrorStatus;
  readonly clock: Clock;
}

/** A proof that has passed the checks of `DpopVerifier.read()`. Its signature is verified by `confirm()`. */
export interface DpopProof {
  /** Thumbprint of the key of the proof. */
  readonly jkt: string;
  readonly parsed: ParsedProof;
  readonly state: ProofState;
  /** Nonce for the response, if the nonce of the proof expires soon. */
  readonly nextNonce?: string;
}

/** Verifies DPoP proofs in two parts, so that unauthenticated requests reach neither the signature nor the store. */
export interface DpopVerifier {
  readonly mode: 'allow' | 'require';
  readonly algorithms: readonly DpopAlgorithm[];
  /**
   * Read the proof of a request, and apply all checks that cost little: one field, size, `typ`, algorithm, key, `htm`,
   * `htu`, `iat` and nonce.
   *
   * @throws InvalidDpopProofError if the proof is missing or a check fails
   * @throws UseDpopNonceError if the proof has no valid nonce
   */
  read(req: IncomingRequest & TargetedRequest): DpopProof;
  /**
   * Confirm a proof: `ath`, signature, and first use. Synchronous if the record of used proofs is.
   *
   * @param accessToken access token of the request. `undefined` at the token endpoint
   * @throws InvalidDpopProofError (or as rejection) if a check fails
   * @throws RateLimitExceededError (or as rejection) if the key has used too many proofs
   * @throws TemporarilyUnavailableError (or as rejection) if the record of used proofs is unavailable
   */
  confirm(proof: DpopProof, accessToken?: string): void | Promise<void>;
}

/** Create a verifier of DPoP proofs (RFC 9449 §4.3). */
export function createDpopVerifier(settings: DpopSettings): DpopVerifier {
  const { mode, algorithms, maxAgeSeconds, clockToleranceSeconds, replays, maxProofsPerKey, clock } =
    settings;
  const keys = createProofKeyReader(algorithms);
  const nonces = settings.nonceKeys && createDpopNonces(settings.nonceKeys, settings.baseUrl);
  const lifetimeSeconds = maxAgeSeconds + clockToleranceSeconds;
  const fail = (reason: DpopRejection): never => {
    throw new InvalidDpopProofError(reason, settings.status);
  };

  const readField = (req: IncomingRequest): string => {
    const [field, ...others] = readFields(req, 'dpop');
    if (field === undefined) return fail('proof_missing');
    return others.length > 0 ? fail('proof_repeated') : field;
  };

  const parse = (field: string): ParsedProof => {
    const parsed = parseProof(field, keys);
    return typeof parsed === 'string' ? fail(parsed) : parsed;
  };

  const checkRequest = ({ claims }: ParsedProof, req: IncomingRequest & TargetedRequest): void => {
    if (claims.htm !== req.method) fail('proof_method');
    if (!settings.matchesTarget(claims.htu, req)) fail('proof_target');
  };

  const checkTime = ({ claims: { iat } }: ParsedProof): void => {
    const now = clock();
    if (iat > now + clockToleranceSeconds) fail('proof_in_future');
    if (!(iat + lifetimeSeconds > now)) fail('proof_too_old');
  };

  /** Return the nonce for the response, if any. */
  const checkNonce = ({ claims }: ParsedProof): Pick<DpopProof, 'nextNonce'> => {
    if (nonces === undefined) return {};
    const now = clock();
    const found = nonces.check(claims.nonce, now);
    if (found === 'invalid') throw new UseDpopNonceError(nonces.current(now), settings.status);
    return found === 'current' ? {} : { nextNonce: nonces.current(now) };
  };

  const checkTokenHash = ({ claims }: ParsedProof, accessToken: string): void => {
    if (claims.ath !== hash('sha256', accessToken, 'base64url')) fail('proof_token_hash');
  };

  const checkSignature = ({ key, header, signingInput, signature }: ParsedProof): void => {
    const publicKey = key.importKey() ?? fail('proof_key');
    const verificationKey = { kid: key.jkt, alg: key.alg, publicKey };
    const isValid = verifySignature(Buffer.from(signingInput), signature, verificationKey);
    if (!isValid) fail('proof_signature');
    keys.keep(header, key);
  };

  const checkVerdict = (verdict: ReplayVerdict): void => {
    if (verdict === 'over_quota') throw overQuota(maxProofsPerKey, lifetimeSeconds);
    // Stores of the application can return other values.
    if (verdict !== 'first') fail('proof_replayed');
  };

  const recordUse = ({ key: { jkt }, claims }: ParsedProof): ReplayVerdict | Promise<ReplayVerdict> => {
    const { jti, htm, htu, iat } = claims;
    const digest = hash('sha256', JSON.stringify([jkt, jti, htm, htu]), 'base64url');
    return askStore(replays, { digest, jkt, quota: maxProofsPerKey, expiresAt: iat + lifetimeSeconds });
  };

  /** Record the use of a proof, once for each request. Nothing is recorded before the signature is valid. */
  const checkFirstUse = ({ parsed, state }: DpopProof): void | Promise<void> => {
    const verdict = state.verdicts.get(replays) ?? recordUse(parsed);
    state.verdicts.set(replays, verdict);
    const conclude = (reached: ReplayVerdict): void => {
      checkVerdict(reached);
      state.confirmedBy.add(settings);
    };
    return verdict instanceof Promise ? verdict.then(conclude) : conclude(verdict);
  };

  return Object.freeze({
    mode,
    algorithms,
    read(req: IncomingRequest & TargetedRequest) {
      const field = readField(req);
      const parsed = parse(field);
      const proof = { jkt: parsed.key.jkt, parsed, state: proofStateOf(req, field) };
      if (proof.state.confirmedBy.has(settings)) return proof;
      checkRequest(parsed, req);
      checkTime(parsed);
      return { ...proof, ...checkNonce(parsed) };
    },
    confirm(proof: DpopProof, accessToken?: string) {
      const { parsed, state } = proof;
      if (accessToken !== undefined) checkTokenHash(parsed, accessToken);
      if (state.confirmedBy.has(settings)) return undefined;
      checkSignature(parsed);
      return checkFirstUse(proof);
    },
  });
}

/** Record a use. A store of the application can fail with any error, and return a promise of any library. */
function askStore(replays: ReplayStore, use: ReplayUse): ReplayVerdict | Promise<ReplayVerdict> {
  try {
    const verdict = replays.use(use);
    return isThenable(verdict) ? Promise.resolve(verdict).catch(throwOutage) : verdict;
  } catch (failure) {
    return throwOutage(failure);
  }
}

function throwOutage(cause: unknown): never {
  throw cause instanceof PassportJweError ? cause : new TemporarilyUnavailableError({ cause });
}

function overQuota(quota: number, windowSeconds: number): RateLimitExceededError {
  return new RateLimitExceededError(windowSeconds, [
    { name: 'dpop_proofs', quota, windowSeconds, remaining: 0 },
  ]);
}
