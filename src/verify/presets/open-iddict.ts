import { assertOptions, assertSecureUrl } from '../../base/options.js';
import type { TrustedIssuer } from '../trusted-issuer-options.js';
import { definePreset } from './define-preset.js';
import { PRESET_OPTIONS, type PresetOptions } from './preset-options.js';

/**
 * Describe an OpenIddict server for the option `trustedIssuers`. OpenIddict encrypts access tokens by default.
 *
 * Defaults: `RSA-OAEP` with a certificate or an RSA key, or `A256KW` with a symmetric key, and `A256CBC-HS512`. The
 * tokens are signed with `RS256`, `ES256`, `ES384` or `ES512`.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 * @example
 * openIddict({
 *   issuer: 'https://auth.example.com/',
 *   audience: 'https://api.example.com',
 *   scopes: ['read:documents'],
 *   decryption: await createDecryptionKeys({ file: 'api.pem', kid: '151F3F3DE2E1AFB933E2F53F4ECC30C85AADF4DF' }),
 * });
 */
export function openIddict(options: PresetOptions): TrustedIssuer {
  assertOptions(options, PRESET_OPTIONS, 'openIddict');
  assertSecureUrl(options.issuer, 'openIddict: issuer');
  return definePreset(
    options,
    {
      keyManagementAlgorithms: ['RSA-OAEP', 'A256KW'],
      contentEncryptionAlgorithms: ['A256CBC-HS512'],
      signatureAlgorithms: ['RS256', 'ES256', 'ES384', 'ES512'],
      typ: 'at+jwt',
      clientClaim: 'client_id',
    },
    'openIddict',
  );
}
