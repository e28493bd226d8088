import type { TrustedIssuerOptions } from '../trusted-issuer-options.js';

/** Options of presets: those of `trustedIssuer()`. A preset sets defaults for its provider. */
export interface PresetOptions extends Omit<TrustedIssuerOptions, 'impliedClaims' | 'issuer'> {
  /** Exact value of `iss` in the tokens: an `https:` URL, from which the keys of the issuer are discovered. */
  readonly issuer: string;
}
