import type { Router } from 'express';

/** Properties of a token router for the authorization server metadata (RFC 8414 §2). */
export interface TokenRouterDescription {
  readonly issuer: string;
  /** Return the grant types that at least one API key may currently use. */
  readonly grantTypes: () => readonly string[];
  /** Return whether a current API key has public clients, which refresh and revoke without a secret. */
  readonly hasPublicClients: () => boolean;
  /** Return whether at least one API key currently has public keys (`private_key_jwt`). */
  readonly acceptsAssertions: () => boolean;
  /** Signature algorithms of DPoP proofs. `undefined` if the router ignores proofs. */
  readonly dpopAlgorithms: readonly string[] | undefined;
  readonly canRevoke: boolean;
  readonly publishesKeys: boolean;
}

const descriptions = new WeakMap<Router, TokenRouterDescription>();

export function attachDescription(router: Router, description: TokenRouterDescription): void {
  descriptions.set(router, description);
}

const NOT_A_TOKEN_ROUTER =
  'authorizationServerMetadata: tokenRouter must be a token router: pass the result of tokenRouter(options)';

/**
 * Return the description of a token router.
 *
 * @throws TypeError if `tokenRouter()` did not create the router
 */
export function describeTokenRouter(router: Router): TokenRouterDescription {
  const description = typeof router === 'function' ? descriptions.get(router) : undefined;
  if (description === undefined) throw new TypeError(NOT_A_TOKEN_ROUTER);
  return description;
}
