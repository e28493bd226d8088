import { assertOptions, type KnownOptions } from '../base/options.js';
import { bindIssuerTerms } from './issuer-terms.js';
import { resolveIssuerTerms } from './resolve-issuer-terms.js';
import type { TrustedIssuer, TrustedIssuerOptions } from './trusted-issuer-options.js';

const KNOWN: KnownOptions<TrustedIssuerOptions> = {
  ...{ issuer: true, audience: true, scopes: true, decryption: true, verification: true },
  ...{ keyManagementAlgorithms: true, contentEncryptionAlgorithms: true, signatureAlgorithms: true },
  ...{ typ: true, requiredClaims: true, scopeClaim: true, clientClaim: true, impliedClaims: true },
  ...{ clockToleranceSeconds: true, maxTokenAgeSeconds: true, maxTokenLifetimeSeconds: true },
  ...{ kidlessRotation: true, signedOnly: true },
};

/**
 * Describe an issuer of another party for the option `trustedIssuers`. Its tokens always have the type `external`,
 * regardless of their claims. They are encrypted JWTs: a nested JWS in a JWE (RFC 7519 appendix A.2), or claims under a
 * symmetric key that only this issuer and this API have.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 * @example
 * app.use(
 *   authenticate({
 *     trustedIssuers: [
 *       trustedIssuer({
 *         issuer: 'https://idp.example.com',
 *         audience: 'https://api.example.com',
 *         scopes: ['read:documents'],
 *         decryption: await createDecryptionKeys({ file: 'api.pem' }),
 *         verification: remoteJwks({ url: 'https://idp.example.com/jwks' }),
 *       }),
 *     ],
 *   }),
 * );
 */
export function trustedIssuer(options: TrustedIssuerOptions): TrustedIssuer {
  assertOptions(options, KNOWN, 'trustedIssuer');
  return defineTrustedIssuer(options, 'trustedIssuer');
}

/**
 * Describe an issuer, for presets.
 *
 * @param where function that takes the options, for the error messages
 * @throws TypeError if an option is missing, unknown or malformed
 */
export function defineTrustedIssuer(options: TrustedIssuerOptions, where: string): TrustedIssuer {
  const terms = resolveIssuerTerms(options, where);
  return bindIssuerTerms(Object.freeze({ issuer: options.issuer }), terms);
}
