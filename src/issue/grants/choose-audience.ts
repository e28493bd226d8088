import type { ApiKey } from '../../api-keys/api-key.js';
import { InvalidTargetError } from '../../base/errors.js';
import type { GrantParameters } from './grant.js';

/** Audiences of the tokens that a key gets for itself or its users: its own, or that of keys which list none. */
export function audiencesOf({ audiences }: ApiKey, defaultAudience: string): readonly string[] {
  return audiences.length > 0 ? audiences : [defaultAudience];
}

/**
 * One audience a token: the one asked for (RFC 8707 section 2), or the only one that there is.
 * @param onRequest further ones, which are never the default.
 * @throws InvalidTargetError
 */
export function chooseAudience(
  parameters: GrantParameters,
  allowed: readonly string[],
  onRequest: readonly string[] = [],
): string {
  const audience = parameters.get('audience');
  const resource = parameters.get('resource');
  if (audience !== undefined && resource !== undefined && audience !== resource) {
    throw new InvalidTargetError('audience and resource differ');
  }
  const requested = audience ?? resource;
  const [only, ...others] = allowed;
  if (requested === undefined && only !== undefined && others.length === 0) return only;
  if (requested === undefined) throw new InvalidTargetError('This API key has several audiences; name one');
  if (![...allowed, ...onRequest].includes(requested)) throw new InvalidTargetError();
  return requested;
}
