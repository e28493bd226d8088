import type { ApiKey } from '../../api-keys/api-key.js';
import { InvalidTargetError } from '../../base/token-endpoint-errors.js';
import { findTarget } from './find-target.js';
import type { GrantParameters } from './grant.js';

/**
 * List the audiences that an API key may request for itself or its users. If the API key lists no audience, this is
 * the default audience.
 */
export function audiencesOf({ audiences }: ApiKey, defaultAudience: string): readonly string[] {
  return audiences.length > 0 ? audiences : [defaultAudience];
}

/**
 * Choose the audience of a token: the requested audience (RFC 8707 §2), or the only allowed audience if none is
 * requested.
 *
 * @param onRequest additional audiences that are allowed only if the client requests them
 * @returns the configured spelling of the audience
 * @throws InvalidTargetError if the requested audience is not allowed, or none is requested and several are allowed
 */
export function chooseAudience(
  parameters: GrantParameters,
  allowed: readonly string[],
  onRequest: readonly string[] = [],
): string {
  const audience = parameters.get('audience');
  const resource = parameters.get('resource');
  if (audience !== undefined && resource !== undefined && findTarget(audience, [resource]) === undefined) {
    throw new InvalidTargetError('audience and resource differ');
  }
  const requested = audience ?? resource;
  const [only, ...others] = allowed;
  if (requested === undefined && only !== undefined && others.length === 0) return only;
  if (requested === undefined) {
    throw new InvalidTargetError('This API key has several audiences: send the parameter audience');
  }
  const target = findTarget(requested, [...allowed, ...onRequest]);
  if (target === undefined) throw new InvalidTargetError();
  return target;
}
