import { assertOptions, assertSecureUrl } from '../../base/options.js';
import { decryptionKeysOf } from '../../keys/decryption-keys-internals.js';
import { defineTrustedIssuer } from '../trusted-issuer.js';
import type { TrustedIssuer } from '../trusted-issuer-options.js';
import { applyDefaults, definePreset } from './define-preset.js';
import { PRESET_OPTIONS, type PresetOptions } from './preset-options.js';

const DEFAULTS = { typ: 'at+jwt', clientClaim: 'client_id' } as const;

/**
 * Describe a server of the npm package oidc-provider for the option `trustedIssuers`. Its resource servers must have
 * `accessTokenFormat: 'jwt'` and `jwt.encrypt`.
 *
 * The algorithms are those of `trustedIssuer()`. With symmetric keys and without `verification`, the tokens must not be
 * signed: omit `jwt.sign`.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 * @example
 * oidcProvider({
 *   issuer: 'https://auth.example.com',
 *   audience: 'https://api.example.com',
 *   scopes: ['read:documents'],
 *   decryption: await createDecryptionKeys({ file: 'api.pem', kid: 'api-1' }),
 * });
 */
export function oidcProvider(options: PresetOptions): TrustedIssuer {
  assertOptions(options, PRESET_OPTIONS, 'oidcProvider');
  assertSecureUrl(options.issuer, 'oidcProvider: issuer');
  const { keys } = decryptionKeysOf(options.decryption, 'oidcProvider: decryption');
  return keys.every(({ type }) => type === 'secret')
    ? defineTrustedIssuer(applyDefaults(options, DEFAULTS), 'oidcProvider')
    : definePreset(options, DEFAULTS, 'oidcProvider');
}
