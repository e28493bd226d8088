import type { KnownOptions } from '../../base/options.js';
import type { TrustedIssuerOptions } from '../trusted-issuer-options.js';

/** Options of presets: those of `trustedIssuer()`. A preset sets defaults for its provider. */
export interface PresetOptions extends Omit<TrustedIssuerOptions, 'impliedClaims' | 'issuer'> {
  /** Exact value of `iss` in the tokens: an `https:` URL, from which the keys of the issuer are discovered. */
  readonly issuer: string;
}

/** Names of the options that presets share. */
export const PRESET_OPTIONS: KnownOptions<PresetOptions> = {
  ...{ issuer: true, audience: true, scopes: true, decryption: true, verification: true },
  ...{ keyManagementAlgorithms: true, contentEncryptionAlgorithms: true, signatureAlgorithms: true },
  ...{ typ: true, requiredClaims: true, scopeClaim: true, clientClaim: true },
  ...{ clockToleranceSeconds: true, maxTokenAgeSeconds: true, maxTokenLifetimeSeconds: true },
  ...{ kidlessRotation: true, signedOnly: true },
};
