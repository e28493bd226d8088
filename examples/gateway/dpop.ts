import type { DpopOptions, MetadataMembers } from 'passport-jwe';
import type { Stores } from 'passport-jwe/stores';

/** Whether clients can bind tokens to a key with DPoP (RFC 9449): never, optionally, or always. */
export type DpopMode = 'off' | 'allow' | 'require';

const MODES: readonly DpopMode[] = ['off', 'allow', 'require'];

/** Signature algorithms of proofs. Both metadata documents list them. */
const ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256', 'ES384', 'ES512'] as const;

/**
 * Parses `DPOP`. Default: `allow`.
 *
 * @throws Error if the value is unknown.
 */
export function readDpopMode(value: string | undefined): DpopMode {
  const mode = MODES.find((each) => each === (value || 'allow'));
  if (mode === undefined)
    throw new Error(
      'DPOP must be "off", "allow" (tokens with and without a key) or "require" (only tokens with a key)',
    );
  return mode;
}

/** Settings of the gateway on which DPoP depends. */
export interface DpopParts {
  readonly mode: DpopMode;
  /** URL of the gateway as clients see it. Proofs are for URLs below it. */
  readonly publicUrl: string;
  readonly stores: Stores;
  /** Whether several instances share the stores. */
  readonly hasSeveralInstances: boolean;
}

/** Options of DPoP for the two halves of the gateway, and members of the protected resource metadata. */
export interface GatewayDpop {
  readonly issue: { readonly dpop?: Omit<DpopOptions, 'replay'> };
  readonly accept: { readonly dpop?: DpopOptions };
  readonly members: MetadataMembers;
}

/**
 * Creates the options of DPoP.
 *
 * Proofs need no nonce: a proof is acceptable for a minute and only once, and a nonce would cost clients a second request.
 * The token router always records used proofs in the stores. The API writes for every request, so it shares the record
 * only if several instances serve it. The embedded store would write each proof to the disk.
 */
export function createDpop({ mode, publicUrl, stores, hasSeveralInstances }: DpopParts): GatewayDpop {
  if (mode === 'off') return { issue: {}, accept: {}, members: {} };
  const dpop = { mode, baseUrl: publicUrl, algorithms: ALGORITHMS };
  return {
    issue: { dpop },
    accept: { dpop: hasSeveralInstances ? { ...dpop, replay: { stores } } : dpop },
    // RFC 9728 §2
    members: {
      dpop_signing_alg_values_supported: [...ALGORITHMS],
      ...(mode === 'require' ? { dpop_bound_access_tokens_required: true } : {}),
    },
  };
}
