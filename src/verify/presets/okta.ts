import { assertOptions, assertSecureUrl } from '../../base/options.js';
import type { TrustedIssuer } from '../trusted-issuer-options.js';
import { definePreset } from './define-preset.js';
import { PRESET_OPTIONS, type PresetOptions } from './preset-options.js';

/**
 * Describe a custom authorization server of Okta for the option `trustedIssuers`. The server must encrypt access tokens.
 *
 * Defaults: `RSA-OAEP-256`, `RSA-OAEP-384` or `RSA-OAEP-512` with any content encryption, which Okta does not document,
 * signed with `RS256`. The scope is in `scp`, and the client in `cid`.
 *
 * @throws TypeError if an option is missing, unknown or malformed, or `issuer` is not a custom authorization server
 * @example
 * okta({
 *   issuer: 'https://example.okta.com/oauth2/default',
 *   audience: 'api://default',
 *   scopes: { 'documents.read': 'read:documents' },
 *   decryption: await createDecryptionKeys({ file: 'api.pem', kid: 'api-1' }),
 * });
 */
export function okta(options: PresetOptions): TrustedIssuer {
  assertOptions(options, PRESET_OPTIONS, 'okta');
  assertSecureUrl(options.issuer, 'okta: issuer');
  if (!/\/oauth2\/[^/]+$/.test(options.issuer))
    throw new TypeError(
      'okta: issuer must be a custom authorization server without a slash at the end: pass for example "https://example.okta.com/oauth2/default"',
    );
  return definePreset(
    options,
    {
      keyManagementAlgorithms: ['RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'],
      contentEncryptionAlgorithms: [
        ...(['A128GCM', 'A192GCM', 'A256GCM'] as const),
        ...(['A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512'] as const),
      ],
      signatureAlgorithms: ['RS256'],
      typ: ['at+jwt', null],
      scopeClaim: 'scp',
      clientClaim: 'cid',
      // ID tokens of Okta have no cid. They have no typ either.
      requiredClaims: ['cid'],
    },
    'okta',
  );
}
