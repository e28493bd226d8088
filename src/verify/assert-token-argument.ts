import { InvalidTokenError } from '../base/errors.js';

/**
 * Assert that the argument of `verify()` can be a token.
 *
 * @throws TypeError if it is not a string, which is an error of the application
 * @throws InvalidTokenError if it begins with the scheme `Bearer`. The cause names the remedy. A client can send such a
 *   string, and must not be able to trigger a TypeError
 */
export function assertTokenArgument(token: unknown): asserts token is string {
  if (typeof token !== 'string') throw new TypeError(`verify: token must be a string: ${remedyFor(token)}`);
  if (/^bearer\s/i.test(token)) throw new InvalidTokenError('not_base64url', new TypeError(HAS_SCHEME));
}

const HAS_SCHEME =
  'verify: token must not include the scheme "Bearer": pass the token without the scheme, for example header.slice("Bearer ".length)';

function remedyFor(token: unknown): string {
  if (token instanceof Uint8Array) return 'convert the bytes with buffer.toString("latin1")';
  if (token instanceof Promise) return 'await the promise: verify(await token)';
  return 'pass the token that the client sent, and reject a client that sent none';
}
