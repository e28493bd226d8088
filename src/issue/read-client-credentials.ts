import type { ClientCredentials } from '../api-keys/api-key-registry.js';
import { InvalidClientError, InvalidRequestError } from '../base/errors.js';

/** The parts of a token request that can authenticate a client. */
export interface ClientAuthentication {
  /** All values of the `Authorization` header. */
  readonly authorization: readonly string[] | undefined;
  /** All values of the `X-API-Key` header. */
  readonly apiKeyHeader: readonly string[] | undefined;
  /** `client_id` and `client_secret` of the body. */
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
}

/**
 * Reads the credentials of the client from HTTP Basic or the body (RFC 6749 §2.3.1), or, for convenience, from
 * `X-API-Key` or `Authorization: Bearer`.
 *
 * @throws InvalidRequestError if the client uses several methods (RFC 6749 §2.3), or repeats a header
 * @throws InvalidClientError if the request has no credentials
 */
export function readClientCredentials(request: ClientAuthentication): ClientCredentials {
  const { clientId } = request;
  const found = [
    readAuthorization(single(request.authorization, 'Authorization')),
    readApiKeyHeader(single(request.apiKeyHeader, 'X-API-Key')),
    readBody(clientId, request.clientSecret),
  ].filter((credentials) => credentials !== undefined);
  const [credentials, ...others] = found;
  if (others.length > 0) throw new InvalidRequestError('The client uses several authentication methods');
  if (credentials === undefined) throw new InvalidClientError('no_credentials');
  if (credentials.keyId !== undefined && clientId !== undefined && credentials.keyId !== clientId) {
    throw new InvalidRequestError('client_id does not match the client that authenticates');
  }
  return clientId === undefined ? credentials : { ...credentials, keyId: clientId };
}

/** The scheme of the challenge after a failed authentication: the one that the client used (RFC 6749 §5.2). */
export function challengeScheme(authorization: readonly string[] | undefined): 'Basic' | 'Bearer' {
  return schemeOf(authorization?.[0]) === 'bearer' ? 'Bearer' : 'Basic';
}

/** The scheme in lower case, up to the first space or tab. */
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

/** HTTP Basic (RFC 7617 §2), with client ID and secret form-encoded (RFC 6749 §2.3.1). */
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

/** Accepts values of clients that do not encode, unless the value happens to be a valid encoding. */
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
  if (clientId === undefined) throw new InvalidRequestError('client_secret requires client_id');
  return { keyId: clientId, secret };
}
