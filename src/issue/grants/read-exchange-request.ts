import { InvalidRequestError } from '../../base/errors.js';
import type { GrantParameters } from './grant.js';

/** RFC 8693 section 3; what is issued here is always the former. */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

/** The tokens of a token exchange (RFC 8693 section 2.1). */
export interface ExchangeRequest {
  readonly subjectToken: string;
  readonly actorToken: string | undefined;
}

/** @throws InvalidRequestError for a parameter that is missing, of an unknown type, or without its partner. */
export function readExchangeRequest(parameters: GrantParameters): ExchangeRequest {
  const subjectToken = readToken(parameters, 'subject_token');
  if (subjectToken === undefined) throw new InvalidRequestError('The parameter subject_token is missing');
  assertTokenType(parameters, 'requested_token_type');
  return { subjectToken, actorToken: readToken(parameters, 'actor_token') };
}

/** A token and its type come together, or neither does. */
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
    throw new InvalidRequestError(`The parameter ${name} is none of the types that are known here`);
  }
}
