import { InvalidRequestError } from '../../base/errors.js';
import type { GrantParameters } from './grant.js';

/** Type of issued tokens, and one of two accepted types (RFC 8693 §3). */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
/** Type of ID tokens, which an identity provider has issued (RFC 8693 §3). */
const ID_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:id_token';

/** Tokens that a client sends for a token exchange (RFC 8693 §2.1). */
export interface ExchangeRequest {
  readonly subjectToken: string;
  readonly actorToken: string | undefined;
}

/**
 * Read the tokens of a token exchange.
 *
 * @throws InvalidRequestError if a parameter is missing, or a token type is unsupported
 */
export function readExchangeRequest(parameters: GrantParameters): ExchangeRequest {
  const subjectToken = readToken(parameters, 'subject_token');
  if (subjectToken === undefined) throw new InvalidRequestError('The parameter subject_token is missing');
  assertTokenType(parameters, 'requested_token_type');
  return { subjectToken, actorToken: readToken(parameters, 'actor_token') };
}

/** Whether a token exchange is for an ID token. */
export function isIdTokenRequest(parameters: GrantParameters): boolean {
  return parameters.get('subject_token_type') === ID_TOKEN_TYPE;
}

/**
 * Read the ID token of a token exchange. The user acts in person, so there is no actor.
 *
 * @throws InvalidRequestError if the ID token is missing, the request has an actor, or it requests an unsupported token type
 */
export function readIdTokenRequest(parameters: GrantParameters): string {
  const idToken = parameters.get('subject_token');
  if (idToken === undefined) throw new InvalidRequestError('The parameter subject_token is missing');
  if (parameters.has('actor_token') || parameters.has('actor_token_type'))
    throw new InvalidRequestError('actor_token is not supported with an ID token');
  assertTokenType(parameters, 'requested_token_type');
  return idToken;
}

/** Read a token. A token and its type must be sent together or not at all (RFC 8693 §2.1). */
function readToken(parameters: GrantParameters, name: string): string | undefined {
  const token = parameters.get(name);
  const typeName = `${name}_type`;
  assertTokenType(parameters, typeName);
  if (token !== undefined && !parameters.has(typeName)) {
    throw new InvalidRequestError(`The parameter ${typeName} is missing`);
  }
  if (token === undefined && parameters.has(typeName)) {
    throw new InvalidRequestError(`The parameter ${name} is missing`);
  }
  return token;
}

function assertTokenType(parameters: GrantParameters, name: string): void {
  const type = parameters.get(name);
  if (type !== undefined && type !== ACCESS_TOKEN_TYPE && type !== JWT_TYPE) {
    throw new InvalidRequestError(`The parameter ${name} is not a supported token type`);
  }
}
