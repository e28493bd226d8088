import { isJsonObject, type JsonObject } from '../base/json.js';
import { parseUrl } from '../base/parse-url.js';
import { fetchJson, type JsonAnswer, type SendRequest, unexpectedStatus } from './fetch-json.js';

export interface FindJwksUriOptions {
  /** Issuer, exactly as in the claim `iss`. */
  readonly issuer: string;
  /** Hosts of `jwks_uri`, besides the host of the issuer, in the form of `URL.host`. */
  readonly jwksHosts: readonly string[];
  readonly send: SendRequest;
  /** Aborts the requests. */
  readonly signal: AbortSignal;
  /** Value of the header `Authorization`. `undefined`: no header. */
  readonly authorization: string | undefined;
}

const SUBJECT = { name: 'metadata', remedy: 'check issuer in discoverJwks()' };

/**
 * Find the URL of an issuer's JWK Set in its metadata: OpenID Connect Discovery 1.0 §4, or after a 404, RFC 8414 §3.
 *
 * @throws Error (as rejection) if the metadata is unavailable, names a different issuer, or `jwks_uri` is missing or on
 *   a host that is not allowed.
 */
export async function findJwksUri(options: FindJwksUriOptions): Promise<URL> {
  const [openId, oauth] = metadataUrls(options.issuer);
  const answer = await fetchMetadata(openId, options);
  const { status, json } = answer.status === 404 ? await fetchMetadata(oauth, options) : answer;
  if (status !== 200) throw unexpectedStatus(status, SUBJECT);
  if (!isJsonObject(json)) throw new Error(`The metadata is not a JSON object: ${SUBJECT.remedy}`);
  assertIssuer(json, options.issuer);
  return readJwksUri(json, options);
}

/** Build the URLs of the metadata. A slash at the end of the issuer is removed (RFC 8414 §3.1). */
function metadataUrls(issuer: string): readonly [openId: URL, oauth: URL] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    new URL(`${origin}${path}/.well-known/openid-configuration`),
    new URL(`${origin}/.well-known/oauth-authorization-server${path}`),
  ];
}

function fetchMetadata(url: URL, { send, signal, authorization }: FindJwksUriOptions): Promise<JsonAnswer> {
  const headers = {
    Accept: 'application/json',
    ...(authorization === undefined ? {} : { Authorization: authorization }),
  };
  return fetchJson(url, { send, signal, headers, subject: SUBJECT });
}

/** Assert that the metadata belongs to the issuer, character by character (RFC 8414 §3.3). */
function assertIssuer({ issuer: named }: JsonObject, issuer: string): void {
  if (named === issuer) return;
  throw new Error(
    'The metadata names a different issuer: set issuer of discoverJwks() to the exact issuer in the metadata, including a slash at the end',
  );
}

/** Read `jwks_uri`: on the origin of the issuer, or an `https:` URL on a host in `jwksHosts`. */
function readJwksUri(
  { jwks_uri: text }: JsonObject,
  { issuer, jwksHosts }: Pick<FindJwksUriOptions, 'issuer' | 'jwksHosts'>,
): URL {
  const url = parseUrl(text);
  if (url === undefined)
    throw new Error(`The metadata has no jwks_uri that is an absolute URL: ${SUBJECT.remedy}`);
  if (url.username !== '' || url.password !== '')
    throw new Error('jwks_uri in the metadata contains credentials: ask the issuer to remove them');
  if (url.origin === new URL(issuer).origin) return url;
  if (url.protocol === 'https:' && jwksHosts.includes(url.host)) return url;
  throw new Error(
    'jwks_uri in the metadata is not on the origin of the issuer: add its host to jwksHosts of discoverJwks() if the issuer confirms it, and ask the issuer for an https URL',
  );
}
