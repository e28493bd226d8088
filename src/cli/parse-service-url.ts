import { InvalidArgumentError } from 'commander';
import { assertSecureUrl } from '../base/options.js';

/**
 * Parse the URL of a service that receives a token or a secret.
 *
 * @throws InvalidArgumentError if the value is not an absolute `https:` URL (`http:` on loopback only), or contains
 *   credentials.
 */
export function parseServiceUrl(value: string): URL {
  try {
    return assertSecureUrl(value, 'It');
  } catch (failure) {
    throw failure instanceof TypeError ? new InvalidArgumentError(`${failure.message}.`) : failure;
  }
}
