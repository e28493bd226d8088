import type { Router } from 'express';

/** What is switched on in a token router. */
export interface RouterFeatures {
  readonly issuer: string;
  /** Those that some API key may use, by now. */
  readonly grantTypes: () => readonly string[];
  readonly canRevoke: boolean;
  readonly publishesKeys: boolean;
}

const features = new WeakMap<Router, RouterFeatures>();

export function rememberFeatures(router: Router, described: RouterFeatures): void {
  features.set(router, described);
}

/** @throws TypeError for a router that `tokenRouter()` did not make. */
export function featuresOf(router: Router): RouterFeatures {
  const described = typeof router === 'function' ? features.get(router) : undefined;
  if (described === undefined) throw new TypeError('tokenRouter must be a router of tokenRouter(options)');
  return described;
}
