import { readFile } from 'node:fs/promises';
import { fetchJwks } from './fetch-jwks.js';
import { findJwksUri } from './find-jwks-uri.js';
import { createJwksCache } from './jwks-cache.js';
import { type DiscoverJwksOptions, type Discovery, resolveDiscovery } from './resolve-discovery.js';
import type { VerificationKeys } from './verification-keys.js';

/**
 * Create verification keys from an issuer's metadata (OpenID Connect Discovery 1.0, RFC 8414). The metadata and the JWK
 * Set are loaded when a token first needs a key, and are reloaded together.
 *
 * While either is unavailable or invalid, the last loaded keys remain in use. `find()` throws
 * `TemporarilyUnavailableError` for any key that is not loaded. The `cause` of the error contains the remedy. Redirects
 * are errors.
 *
 * @throws TypeError if an option is missing or invalid.
 * @example
 * const keys = discoverJwks({ issuer: 'https://accounts.google.com', jwksHosts: ['www.googleapis.com'] });
 */
export function discoverJwks(options: DiscoverJwksOptions): VerificationKeys {
  const discovery = resolveDiscovery(options);
  return createJwksCache({
    ...discovery.tuning,
    source: discovery.issuer,
    load: (signal) => loadJwks(discovery, signal),
  });
}

/** Load the metadata, then the JWK Set that it names. The token never leaves the origin of the issuer. */
async function loadJwks(discovery: Discovery, signal: AbortSignal): Promise<readonly unknown[]> {
  const { issuer, origin, jwksHosts, tokenFile, send } = discovery;
  const authorization = await readAuthorization(tokenFile, signal);
  const url = await findJwksUri({ issuer, jwksHosts, send, signal, authorization });
  return fetchJwks(url, {
    send,
    signal,
    authorization: url.origin === origin ? authorization : undefined,
    remedy: 'check jwks_uri in the metadata of the issuer',
  });
}

/** Read the token file. Throw without the content if it is not a bearer token (RFC 6750 §2.1). */
async function readAuthorization(file: string | undefined, signal: AbortSignal): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const token = (await readFile(file, { encoding: 'utf8', signal })).trim();
  if (/^[\w.~+/-]+=*$/.test(token)) return `Bearer ${token}`;
  throw new Error('The file in tokenFile contains no bearer token: write one token to the file');
}
