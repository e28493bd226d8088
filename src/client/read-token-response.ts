import { isNumericDate } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { isJsonObject } from '../base/json.js';

/** Access token and lifetime in seconds. */
export interface ReceivedToken {
  readonly token: string;
  /** `token_type` of the response, or `Bearer` if absent. */
  readonly tokenType: string;
  readonly lifetimeSeconds: number;
}

/** Lifetime in seconds of a token whose response has no `expires_in`, which is optional (RFC 6749 §5.1). */
const UNKNOWN_LIFETIME_SECONDS = 60;

/** Syntax of `error` (RFC 6749 §5.2). Other values are not repeated in error messages. */
const ERROR_CODE = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,100}$/;

/**
 * Read the response of a token endpoint (RFC 6749 §5).
 *
 * @param body parsed body, or `undefined` if it is not JSON
 * @param requiredType type that `token_type` must name, in any case (RFC 6749 §7.1). Default: any type
 * @throws TemporarilyUnavailableError if the status is 429 or 5xx
 * @throws Error if the response contains an error or no token. The message contains the status or the error code
 */
export function readTokenResponse(status: number, body: unknown, requiredType?: 'DPoP'): ReceivedToken {
  const members = isJsonObject(body) ? body : {};
  const { access_token: token, token_type: type, expires_in: lifetime, error } = members;
  const code = typeof error === 'string' && ERROR_CODE.test(error) ? error : undefined;
  const answer = `responded with ${status}${code === undefined ? '' : ` ${code}`}`;
  if (status === 429 || status >= 500) {
    throw new TemporarilyUnavailableError({
      cause: new Error(`The token endpoint ${answer}: retry with exponential backoff`),
    });
  }
  if (status !== 200 || (error ?? undefined) !== undefined) {
    const fault = status === 200 ? `rejected the request with ${code ?? 'an error'}` : answer;
    throw new Error(`The token endpoint ${fault}: ${CHECK_OPTIONS}`);
  }
  if (typeof token !== 'string' || token === '') {
    throw new Error('The response of the token endpoint has no access_token: check tokenEndpoint');
  }
  const tokenType = typeof type === 'string' ? type : 'Bearer';
  if (requiredType !== undefined && tokenType.toLowerCase() !== requiredType.toLowerCase())
    throw new Error(NOT_BOUND);
  return { token, tokenType, lifetimeSeconds: readLifetime(lifetime) };
}

const CHECK_OPTIONS = 'check tokenEndpoint, clientId, clientSecret or privateKey, audience and scope';

/** A bearer token would lack the protection that the client asked for (RFC 9449 §5). */
const NOT_BOUND =
  'The token endpoint ignored the DPoP proof and issued a token of a different type: enable DPoP at the authorization server, or omit dpop';

/** Read `expires_in`: a number or, as some servers send it, a string. */
function readLifetime(lifetime: unknown): number {
  if (lifetime === undefined || lifetime === null) return UNKNOWN_LIFETIME_SECONDS;
  const seconds = typeof lifetime === 'string' && /^\d+$/.test(lifetime) ? Number(lifetime) : lifetime;
  if (isNumericDate(seconds)) return seconds;
  throw new Error('The response of the token endpoint has a malformed expires_in: check tokenEndpoint');
}
