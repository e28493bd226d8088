import { TemporarilyUnavailableError } from '../base/errors.js';
import { isJsonObject } from '../base/json.js';
import { assertSecureUrl } from '../base/options.js';
import { wellKnownUrl } from '../http/well-known-url.js';
import { fetchJson } from '../keys/fetch-json.js';

const REMEDY = 'pass the URL of the token endpoint as --url';

const SUBJECT = { name: 'metadata', remedy: REMEDY };

/**
 * Find the token endpoint of an authorization server. A URL whose path ends in `/token` is the endpoint itself. Any
 * other URL is an issuer, or the origin of the endpoint, and its metadata is loaded (RFC 8414 §3).
 *
 * The credentials of the client are sent to the endpoint. Metadata of a different issuer is therefore accepted only if
 * the endpoint is on the origin of the URL.
 *
 * @param signal aborts the request
 * @throws TemporarilyUnavailableError (as rejection) if the metadata cannot be loaded
 * @throws Error (as rejection) if the metadata is missing, or belongs to a different issuer
 */
export async function findTokenEndpoint(url: URL, signal: AbortSignal): Promise<URL> {
  if (url.pathname.endsWith('/token')) return url;
  const { status, json } = await loadMetadata(url, signal);
  if (status === 404) throw new Error(`The server has no authorization server metadata: ${REMEDY}`);
  const { issuer, token_endpoint: named } = isJsonObject(json) ? json : {};
  const endpoint = assertSecureUrl(named, 'token_endpoint in the metadata');
  if (endpoint.origin === url.origin || isSameIssuer(issuer, url)) return endpoint;
  throw new Error(
    `The metadata names a different issuer and a token endpoint on a different host: ${REMEDY}`,
  );
}

function loadMetadata(url: URL, signal: AbortSignal) {
  const request = {
    ...{ send: fetch, signal, subject: SUBJECT },
    headers: { Accept: 'application/json' },
  };
  const metadata = wellKnownUrl(url.href, 'oauth-authorization-server', 'url');
  return fetchJson(metadata, request).catch((cause: unknown) => {
    throw new TemporarilyUnavailableError({ cause });
  });
}

/** Compare issuers. `URL` adds the slash after a host, which issuers usually omit. */
function isSameIssuer(issuer: unknown, url: URL): boolean {
  return issuer === url.href || issuer === url.href.replace(/\/$/, '');
}
