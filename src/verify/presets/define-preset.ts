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
  return defineTrustedIssuer({ ...applyDefaults(options, defaults), verification }, where);
}

/** Apply defaults to options that are absent or `undefined`. */
export function applyDefaults<Options extends object>(options: Options, defaults: Partial<Options>): Options {
  const all = { ...defaults, ...options };
  for (const [name, value] of Object.entries(defaults)) {
    if (Reflect.get(all, name) === undefined) Reflect.set(all, name, value);
  }
  return all;
}
