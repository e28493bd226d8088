import { assertOptions, assertSecureUrl, type KnownOptions } from '../base/options.js';
import { fetchJwks } from './fetch-jwks.js';
import { createJwksCache } from './jwks-cache.js';
import { type JwksTuning, resolveJwksTuning, TUNING } from './jwks-tuning.js';
import type { VerificationKeys } from './verification-keys.js';

/** Options of `remoteJwks()`. */
export interface RemoteJwksOptions extends JwksTuning {
  /** URL of the issuer's JWK Set (`jwks_uri`): `https:`, or `http:` on loopback. Redirects are rejected. */
  readonly url: string;
  /**
   * Function that sends requests.
   *
   * @default the global `fetch`
   */
  readonly fetch?: typeof fetch;
}

const KNOWN: KnownOptions<RemoteJwksOptions> = { url: true, ...TUNING, fetch: true };

/**
 * Create verification keys from an issuer's JWK Set, which is loaded when a token first needs a key. Weak, malformed
 * and unsupported keys are ignored.
 *
 * While the set is unavailable, the last loaded keys remain in use. `find()` throws `TemporarilyUnavailableError` for
 * any key that is not loaded. The middleware then responds with 503 and does not reject the token.
 *
 * @throws TypeError if an option is missing or invalid.
 * @example
 * const keys = remoteJwks({ url: 'https://issuer.example.com/.well-known/jwks.json' });
 * app.use(authenticate({ keyRing, issuer, audience, verification: { [issuer]: keys } }));
 */
export function remoteJwks(options: RemoteJwksOptions): VerificationKeys {
  assertOptions(options, KNOWN, 'remoteJwks');
  const tuning = resolveJwksTuning(options, 'remoteJwks');
  const { fetch: send = fetch } = options;
  if (typeof send !== 'function') {
    throw new TypeError('remoteJwks: fetch must be a function, for example globalThis.fetch');
  }
  const url = assertSecureUrl(options.url, 'remoteJwks: url');
  const remedy = 'check url in remoteJwks()';
  return createJwksCache({
    ...tuning,
    source: nameOf(url),
    load: (signal) => fetchJwks(url, { send, signal, remedy }),
  });
}

/** Format the URL for audit events. Omit the query, which may contain a secret. */
function nameOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
