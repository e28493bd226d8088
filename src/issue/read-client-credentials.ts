import type { ClientCredentials } from '../api-keys/api-key-registry.js';
import { InvalidClientError, InvalidRequestError } from '../base/errors.js';

/** Everything in a token request that can authenticate a client. */
export interface ClientAuthentication {
  /** Every `Authorization` field. */
  readonly authorization: readonly string[] | undefined;
  /** Every `X-API-Key` field. */
  readonly apiKeyHeader: readonly string[] | undefined;
  /** `client_id` and `client_secret` of the body. */
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
}

/**
 * Reads the credentials of the client by the one method that it used: HTTP Basic or the body (RFC 6749 section
 * 2.3.1), or, as conveniences, `X-API-Key` and `Authorization: Bearer`.
 * @throws InvalidRequestError for two methods at once (RFC 6749 section 2.3), or fields that are repeated.
 * @throws InvalidClientError where there are none.
 */
export function readClientCredentials(request: ClientAuthentication): ClientCredentials {
  const { clientId } = request;
  const found = [
    readAuthorization(single(request.authorization, 'Authorization')),
    readApiKeyHeader(single(request.apiKeyHeader, 'X-API-Key')),
    readBody(clientId, request.clientSecret),
  ].filter((credentials) => credentials !== undefined);
  const [credentials, ...others] = found;
  if (others.length > 0) throw new InvalidRequestError('The client authenticates by several methods at once');
  if (credentials === undefined) throw new InvalidClientError('no_credentials');
  if (credentials.keyId !== undefined && clientId !== undefined && credentials.keyId !== clientId) {
    throw new InvalidRequestError('client_id is not the client that authenticates');
  }
  return clientId === undefined ? credentials : { ...credentials, keyId: clientId };
}

/** The scheme in which a client that failed is challenged: the one that it used (RFC 6749 section 5.2). */
export function challengeScheme(authorization: readonly string[] | undefined): 'Basic' | 'Bearer' {
  return schemeOf(authorization?.[0]) === 'bearer' ? 'Bearer' : 'Basic';
}

/** In lower case; it ends where a space or a tab begins. */
function schemeOf(authorization = ''): string {
  return authorization.split(/[ \t]/, 1).join('').toLowerCase();
}

function single(values: readonly string[] | undefined, name: string): string | undefined {
  if (values !== undefined && values.length > 1)
    throw new InvalidRequestError(`The ${name} header is repeated`);
  return values?.[0];
}

function readAuthorization(authorization: string | undefined): ClientCredentials | undefined {
  const scheme = schemeOf(authorization);
  if (scheme !== 'basic' && scheme !== 'bearer') return undefined;
  const [, credentials] = /^ +([^ \t]+)$/.exec(authorization?.slice(scheme.length) ?? '') ?? [];
  if (credentials === undefined) throw new InvalidClientError('no_credentials');
  return scheme === 'basic' ? readBasic(credentials) : { secret: credentials };
}

/** RFC 7617 section 2, with both halves form-encoded as RFC 6749 section 2.3.1 wants. */
function readBasic(credentials: string): ClientCredentials {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credentials)) throw new InvalidClientError('no_credentials');
  const [keyId, secret] = splitOnce(Buffer.from(credentials, 'base64').toString('utf8'));
  return { keyId: formDecode(keyId), secret: formDecode(secret) };
}

function splitOnce(text: string): readonly [string, string] {
  const colon = text.indexOf(':');
  if (colon < 0) throw new InvalidClientError('no_credentials');
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** Clients that do not encode are understood too, as long as their text cannot be mistaken for an encoding. */
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function readApiKeyHeader(value: string | undefined): ClientCredentials | undefined {
  return value === undefined ? undefined : { secret: value };
}

function readBody(clientId: string | undefined, secret: string | undefined): ClientCredentials | undefined {
  if (secret === undefined) return undefined;
  if (clientId === undefined) throw new InvalidRequestError('client_secret needs client_id');
  return { keyId: clientId, secret };
}
