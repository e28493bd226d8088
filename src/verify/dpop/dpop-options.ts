import type { KnownOptions } from '../../base/options.js';
import type { VerificationAlgorithm } from '../../keys/verification-algorithms.js';
import type { Stores } from '../../stores/stores.js';

/** Signature algorithm (`alg`) of a DPoP proof. All are asymmetric (RFC 9449 §4.2). */
export type DpopAlgorithm = VerificationAlgorithm;

/** Options of DPoP: clients prove possession of the key to which their token is bound (RFC 9449). */
export interface DpopOptions {
  /**
   * `'allow'` also accepts bearer tokens that are not bound to a key. `'require'` rejects all bearer tokens. Tokens with
   * `cnf.jkt` require a proof in both modes.
   */
  readonly mode: 'allow' | 'require';
  /**
   * URL of the server as its clients see it, for example `https://api.example.com`. `htu` of a proof must be this URL,
   * followed by the path of the request (`req.originalUrl`). The header `Host` is never read. If a proxy removes a prefix of
   * the path, include the prefix.
   *
   * @see RFC 9449 §4.3
   */
  readonly baseUrl: string;
  /**
   * Accepted signature algorithms of proofs.
   *
   * @default ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256', 'ES384', 'ES512']
   * @see RFC 9449 §11.6
   */
  readonly algorithms?: readonly DpopAlgorithm[];
  /**
   * Maximum age of a proof in seconds, from 1 to 600. `clockToleranceSeconds` is added. The clock of a
   * client may be ahead by this tolerance, and always by 30 seconds.
   *
   * @default 60
   * @see RFC 9449 §11.1
   */
  readonly maxAgeSeconds?: number;
  /**
   * Whether each proof must contain a nonce of this server. `true` derives the nonces from a root of the key ring. If the
   * key ring has no root, set `secret`.
   *
   * @default false
   * @see RFC 9449 §8, §9
   */
  readonly nonce?:
    | boolean
    | {
        /** Secret from which the nonces are derived: at least 32 characters, the same in all processes. */
        readonly secret: string;
      };
  /**
   * Record of used proofs.
   *
   * @default {} (a record in the memory of each process)
   * @see RFC 9449 §11.1
   */
  readonly replay?: DpopReplayOptions;
}

/** Options of the record of used proofs. */
export interface DpopReplayOptions {
  /**
   * Stores that all processes share. Without this option, each process accepts a proof once.
   *
   * @default undefined (the memory of the process)
   */
  readonly stores?: Pick<Stores, 'replays'>;
  /**
   * Maximum number of unexpired proofs of one key. Further requests are rejected with 429, so that one client cannot fill
   * the record for all clients.
   *
   * @default 10_000
   */
  readonly maxProofsPerKey?: number;
}

/** Known options of `DpopOptions`, for `assertOptions()`. */
export const DPOP_OPTIONS: KnownOptions<DpopOptions> = {
  ...{ mode: true, baseUrl: true, algorithms: true, maxAgeSeconds: true, nonce: true, replay: true },
};

/** Known options of `DpopReplayOptions`, for `assertOptions()`. */
export const DPOP_REPLAY_OPTIONS: KnownOptions<DpopReplayOptions> = { stores: true, maxProofsPerKey: true };
