import { discoverJwks } from '../../keys/discover-jwks.js';
import { defineTrustedIssuer } from '../trusted-issuer.js';
import type { TrustedIssuer, TrustedIssuerOptions } from '../trusted-issuer-options.js';
import type { PresetOptions } from './preset-options.js';

/**
 * Describe the issuer of a preset. The keys of the issuer are discovered, unless `verification` is set.
 *
 * @param defaults options of the provider, which `options` can override
 * @param where preset, for the error messages
 * @throws TypeError if an option is missing, unknown or malformed
 */
export function definePreset(
  options: PresetOptions,
  defaults: Partial<TrustedIssuerOptions>,
  where: string,
): TrustedIssuer {
  const { verification = discoverJwks({ issuer: options.issuer }) } = options;
  const requiredClaims = joinClaims(defaults.requiredClaims, options.requiredClaims);
  const complete = applyDefaults<TrustedIssuerOptions>({ ...options, verification }, defaults);
  return defineTrustedIssuer({ ...complete, ...requiredClaims }, where);
}

/** Join the claims that a preset and the application require. The preset identifies access tokens by its claims. */
export function joinClaims(
  preset: readonly string[] = [],
  application: readonly string[] | undefined,
): Pick<TrustedIssuerOptions, 'requiredClaims'> {
  if (application !== undefined && !Array.isArray(application)) return { requiredClaims: application };
  if (preset.length === 0) return application === undefined ? {} : { requiredClaims: application };
  return { requiredClaims: [...new Set([...preset, ...(application ?? [])])] };
}

/** Apply defaults to options that are absent or `undefined`. */
export function applyDefaults<Options extends object>(options: Options, defaults: Partial<Options>): Options {
  const all = { ...defaults, ...options };
  for (const [name, value] of Object.entries(defaults)) {
    if (Reflect.get(all, name) === undefined) Reflect.set(all, name, value);
  }
  return all;
}
