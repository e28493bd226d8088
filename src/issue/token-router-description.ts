import type { Router } from 'express';

/** What the metadata of the authorization server say of a token router. */
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

/** @throws TypeError if `tokenRouter()` did not create the router */
export function describeTokenRouter(router: Router): TokenRouterDescription {
  const description = typeof router === 'function' ? descriptions.get(router) : undefined;
  if (description === undefined) throw new TypeError('tokenRouter must be a router of tokenRouter(options)');
  return description;
}
