import { assertOptions, assertSecureUrl, type KnownOptions } from '../../base/options.js';
import type { TrustedIssuer } from '../trusted-issuer-options.js';
import { definePreset } from './define-preset.js';
import { PRESET_OPTIONS, type PresetOptions } from './preset-options.js';

const DIALECTS = ['rfc9068_profile', 'rfc9068_profile_authz', 'access_token', 'access_token_authz'] as const;

export interface Auth0Options extends PresetOptions {
  /**
   * Access token profile of the API in Auth0 (`token_dialect`). With `access_token`, the default of Auth0, `typ` is `JWT`,
   * and the client is in `azp`.
   *
   * @default 'rfc9068_profile'
   */
  readonly dialect?: (typeof DIALECTS)[number];
}

const KNOWN: KnownOptions<Auth0Options> = { ...PRESET_OPTIONS, dialect: true };

/**
 * Describe an Auth0 tenant for the option `trustedIssuers`. The API must have the setting JSON Web Encryption.
 *
 * Defaults: `RSA-OAEP-256`, `RSA-OAEP-384` or `RSA-OAEP-512` with `A256GCM`, signed with `RS256` or `PS256`.
 *
 * @throws TypeError if an option is missing, unknown or malformed, or `issuer` does not end with a slash
 * @example
 * auth0({
 *   issuer: 'https://example.eu.auth0.com/',
 *   audience: 'https://api.example.com',
 *   scopes: ['read:documents'],
 *   decryption: await createDecryptionKeys({ file: 'api.pem', kid: 'api-1' }),
 * });
 */
export function auth0(options: Auth0Options): TrustedIssuer {
  assertOptions(options, KNOWN, 'auth0');
  const { dialect = 'rfc9068_profile', ...others } = options;
  if (!DIALECTS.includes(dialect))
    throw new TypeError(`auth0: dialect must be one of ${DIALECTS.map((name) => `"${name}"`).join(', ')}`);
  assertSecureUrl(options.issuer, 'auth0: issuer');
  if (!options.issuer.endsWith('/'))
    throw new TypeError(
      'auth0: issuer must end with a slash, as in the tokens: pass for example "https://example.eu.auth0.com/"',
    );
  const isStandard = dialect.startsWith('rfc9068');
  return definePreset(
    others,
    {
      keyManagementAlgorithms: ['RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'],
      contentEncryptionAlgorithms: ['A256GCM'],
      signatureAlgorithms: ['RS256', 'PS256'],
      typ: isStandard ? 'at+jwt' : 'JWT',
      clientClaim: isStandard ? 'client_id' : 'azp',
      // An ID token has the same typ, and no azp unless the client is not its audience.
      ...(isStandard ? {} : { requiredClaims: ['azp'] }),
    },
    'auth0',
  );
}
