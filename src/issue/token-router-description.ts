import type { Router } from 'express';

/** The properties of a token router that the metadata of the authorization server contain. */
export interface TokenRouterDescription {
  readonly issuer: string;
  /** Grant types that at least one API key may use, at the time of the call. */
  readonly grantTypes: () => readonly string[];
  readonly canRevoke: boolean;
  readonly publishesKeys: boolean;
}

const descriptions = new WeakMap<Router, TokenRouterDescription>();

export function attachDescription(router: Router, description: TokenRouterDescription): void {
  descriptions.set(router, description);
}

const NOT_A_TOKEN_ROUTER =
  'authorizationServerMetadata: tokenRouter must be a router that tokenRouter(options) created';

/** @throws TypeError if `tokenRouter()` did not create the router */
export function describeTokenRouter(router: Router): TokenRouterDescription {
  const description = typeof router === 'function' ? descriptions.get(router) : undefined;
  if (description === undefined) throw new TypeError(NOT_A_TOKEN_ROUTER);
  return description;
}
