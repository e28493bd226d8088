import { InvalidTokenError, type PassportJweError } from '../base/errors.js';
import { createCertificateReader } from '../http/client-certificate.js';
import { schemePattern } from '../http/extract-bearer-token.js';
import type { IncomingRequest } from '../http/incoming-request.js';
import { resolveMutualTls } from '../http/mutual-tls-options.js';
import { readFields } from '../http/read-fields.js';
import type { AuthorizationScheme } from '../http/write-challenge.js';
import type { SenderEvidence } from '../token/claims/confirmation.js';
import { createDpopVerifier, type DpopProof, type DpopVerifier } from '../verify/dpop/dpop-verifier.js';
import { resolveDpop } from '../verify/dpop/resolve-dpop.js';
import { resolveHome } from '../verify/resolve-home.js';
import type { AcceptOptions } from './accept-options.js';

/** Keys of which a request claims possession. */
export interface RequestSender extends SenderEvidence {
  /** DPoP proof, whose signature is not verified yet. Present only under the scheme `DPoP`. */
  readonly proof?: DpopProof;
}

/** Reads the sender of a request, and confirms that it possesses the keys. */
export interface SenderReader {
  /** Verifier of DPoP proofs. `undefined` unless DPoP is configured. */
  readonly dpop: DpopVerifier | undefined;
  /** Schemes of the `Authorization` header that are accepted besides those of `tokenLocations`. */
  readonly schemes: readonly AuthorizationScheme[];
  /** Whether the request uses the scheme `DPoP`. */
  usesDpop(req: IncomingRequest): boolean;
  /**
   * Read the keys of which a request claims possession, without verifying signatures.
   *
   * @returns `undefined` if the request can prove possession of no key
   * @throws InvalidDpopProofError or UseDpopNonceError if a check of the proof fails
   * @throws InvalidTokenError if the scheme must be `DPoP`
   */
  read(req: IncomingRequest): RequestSender | undefined;
  /**
   * Confirm the claimed keys, after the token was verified. Synchronous if possible.
   *
   * @throws PassportJweError (or as rejection) if a check of the proof fails
   */
  confirm(sender: RequestSender | undefined, presented: string): void | Promise<void>;
}

const usesDpop = (req: IncomingRequest): boolean =>
  readFields(req, 'authorization').some((credentials) => DPOP_SCHEME.test(credentials));

const DPOP_SCHEME = schemePattern(['DPoP']);

/**
 * Whether the request can use the scheme `DPoP`. Bearer requests then cost one comparison. The token reader has rejected
 * requests with several `Authorization` headers.
 */
function mayUseDpop({ headers: { authorization } }: IncomingRequest): boolean {
  if (typeof authorization !== 'string') return true;
  const initial = authorization[0];
  return initial === 'D' || initial === 'd';
}

/**
 * Create the sender reader of an acceptor.
 *
 * @returns `undefined` if no option lets requests prove possession of a key
 * @param where function that takes the options, for the error messages
 * @throws TypeError if the option `dpop` or `mutualTls` is malformed
 */
export function createSenderReader(
  options: AcceptOptions<object, never>,
  where: string,
): SenderReader | undefined {
  const dpop = createDpop(options, where);
  const { mutualTls } = options;
  if (dpop === undefined && mutualTls === undefined) return undefined;
  const readCertificate =
    mutualTls === undefined ? undefined : createCertificateReader(resolveMutualTls(mutualTls, where));
  const certificateOf = (req: IncomingRequest): SenderEvidence | undefined =>
    readCertificate && { certificate: () => readCertificate(req)?.thumbprint };

  return {
    dpop,
    schemes: dpop === undefined ? [] : ['DPoP'],
    usesDpop: dpop === undefined ? () => false : usesDpop,
    read(req) {
      if (dpop === undefined) return certificateOf(req);
      if (mayUseDpop(req) && usesDpop(req)) {
        const proof = dpop.read(req);
        return { jkt: proof.jkt, proof, ...certificateOf(req) };
      }
      if (dpop.mode === 'require') throw new InvalidTokenError('not_key_bound');
      return certificateOf(req);
    },
    confirm: (sender, presented) => sender?.proof && dpop?.confirm(sender.proof, { accessToken: presented }),
  };
}

function createDpop(options: AcceptOptions<object, never>, where: string): DpopVerifier | undefined {
  if (options.dpop === undefined) return undefined;
  const { keyRing, policy } = resolveHome(options, where);
  const { clockToleranceSeconds } = policy;
  const parts = { keyRing, clockToleranceSeconds, status: 401, clock: options.clock } as const;
  return createDpopVerifier(resolveDpop(options.dpop, parts, where));
}

/** Return the nonce that the response of an accepted or rejected request contains, if any (RFC 9449 §8.2, §9). */
export function nonceOf(sender: RequestSender | undefined, error?: PassportJweError): { nonce?: string } {
  const nonce = error?.headers['DPoP-Nonce'] ?? sender?.proof?.nextNonce;
  return nonce === undefined ? {} : { nonce };
}
