import type { ClientCredentials } from '../api-keys/api-key-registry.js';
import { InvalidRequestError } from '../base/errors.js';
import { InvalidClientError } from '../base/token-endpoint-errors.js';
import type { PresentedAssertion } from './client-assertions.js';

/** Parts of a token request that can authenticate the client. */
export interface ClientAuthentication {
  /** All values of the `Authorization` header. */
  readonly authorization: readonly string[];
  /** All values of the `X-API-Key` header. */
  readonly apiKeyHeader: readonly string[];
  /** `client_id` of the body. */
  readonly clientId: string | undefined;
  /** `client_secret` of the body. */
  readonly clientSecret: string | undefined;
  /** `client_assertion_type` of the body. */
  readonly assertionType?: string | undefined;
  /** `client_assertion` of the body. */
  readonly assertion?: string | undefined;
}

/** Credentials of a client: an API key, or a signed assertion. */
type Credentials = ClientCredentials | PresentedAssertion;

/** Possible readings of the credentials, the most likely first. HTTP Basic has two. */
export type CredentialReadings = readonly [Credentials, ...Credentials[]];

/** The only supported `client_assertion_type` (RFC 7523 §2.2). */
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Read the client credentials from HTTP Basic or the body (RFC 6749 §2.3.1), or the client assertion from the body
 * (RFC 7521 §4.2). For convenience, it also accepts `X-API-Key` and `Authorization: Bearer`.
 *
 * @throws InvalidRequestError if the client uses several methods (RFC 6749 §2.3), or repeats a header
 * @throws InvalidClientError if the request has no credentials
 */
export function readClientCredentials(request: ClientAuthentication): CredentialReadings {
  const { clientId } = request;
  const found = [
    readAuthorization(single(request.authorization, 'Authorization')),
    readApiKeyHeader(single(request.apiKeyHeader, 'X-API-Key')),
    readBody(clientId, request.clientSecret),
    readAssertion(request),
  ].filter((readings) => readings !== undefined);
  const [readings, ...others] = found;
  if (others.length > 0) throw new InvalidRequestError('The client uses several authentication methods');
  if (readings === undefined) throw new InvalidClientError('no_credentials');
  return clientId === undefined ? readings : readingsOf(clientId, readings);
}

/** Return the readings that name the client, or no client. */
function readingsOf(clientId: string, readings: CredentialReadings): CredentialReadings {
  const [first, ...others] = readings
    .filter(({ keyId = clientId }) => keyId === clientId)
    .map((reading) => ({ ...reading, keyId: clientId }));
  if (first === undefined) throw new InvalidRequestError('client_id does not match the client credentials');
  return [first, ...others];
}

/** Return the challenge scheme for a failed authentication: the scheme of the client, or Basic (RFC 6749 §5.2). */
export function challengeScheme([authorization]: readonly string[]): 'Basic' | 'Bearer' {
  return schemeOf(authorization) === 'bearer' ? 'Bearer' : 'Basic';
}

/** Return the authentication scheme in lower case: the text before the first space or tab. */
function schemeOf(authorization = ''): string {
  return authorization.split(/[ \t]/, 1).join('').toLowerCase();
}

function single([value, ...others]: readonly string[], name: string): string | undefined {
  if (others.length > 0) throw new InvalidRequestError(`The ${name} header is repeated`);
  return value;
}

function readAuthorization(authorization: string | undefined): CredentialReadings | undefined {
  const scheme = schemeOf(authorization);
  if (scheme !== 'basic' && scheme !== 'bearer') return undefined;
  const [, credentials] = /^ +([^ \t]+)$/.exec(authorization?.slice(scheme.length) ?? '') ?? [];
  if (credentials === undefined) throw new InvalidClientError('no_credentials');
  return scheme === 'basic' ? readBasic(credentials) : [{ secret: credentials }];
}

function readAssertion({ assertionType, assertion }: ClientAuthentication): CredentialReadings | undefined {
  if (assertionType === undefined && assertion === undefined) return undefined;
  if (assertionType === undefined || assertion === undefined) {
    throw new InvalidRequestError('client_assertion requires client_assertion_type, and vice versa');
  }
  if (assertionType !== JWT_BEARER) throw new InvalidClientError('assertion_type');
  return [{ assertion }];
}

/**
 * Parse HTTP Basic credentials (RFC 7617 §2). Client ID and secret are form-encoded (RFC 6749 §2.3.1). Clients such as
 * `curl -u` do not encode, so the second reading is the unchanged text.
 */
function readBasic(credentials: string): CredentialReadings {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credentials)) throw new InvalidClientError('no_credentials');
  const [keyId, secret] = splitOnce(Buffer.from(credentials, 'base64').toString('utf8'));
  const decoded = { keyId: formDecode(keyId), secret: formDecode(secret) };
  const isPlain = decoded.keyId === keyId && decoded.secret === secret;
  return isPlain ? [decoded] : [decoded, { keyId, secret }];
}

function splitOnce(text: string): readonly [string, string] {
  const colon = text.indexOf(':');
  if (colon < 0) throw new InvalidClientError('no_credentials');
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** Decode a form-encoded value. Return an invalid encoding unchanged. */
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function readApiKeyHeader(value: string | undefined): CredentialReadings | undefined {
  return value === undefined ? undefined : [{ secret: value }];
}

function readBody(clientId: string | undefined, secret: string | undefined): CredentialReadings | undefined {
  if (secret === undefined) return undefined;
  if (clientId === undefined) throw new InvalidRequestError('client_secret requires client_id');
  return [{ keyId: clientId, secret }];
}
