import { assertOptions, type KnownOptions } from '../base/options.js';
import type { Confirmation } from '../token/claims/confirmation.js';

const KNOWN: KnownOptions<Confirmation> = { jkt: true, 'x5t#S256': true };

/** SHA-256 digest in base64url. The last character encodes four bits. */
const THUMBPRINT = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/**
 * Validate the keys to which a token is bound, and return the claim `cnf` (RFC 7800 §3.1).
 *
 * @param where function that has the option, for error messages
 * @throws TypeError if a member is unknown or malformed, or there is none
 */
export function resolveConfirmation(
  confirmation: Confirmation | undefined,
  where: string,
): Confirmation | undefined {
  if (confirmation === undefined) return undefined;
  assertOptions(confirmation, KNOWN, `${where}: confirmation`);
  const { jkt, 'x5t#S256': x5t } = confirmation;
  const given = [jkt, x5t].filter((thumbprint) => thumbprint !== undefined);
  const isWellFormed = given.every((each) => typeof each === 'string' && THUMBPRINT.test(each));
  if (given.length === 0 || !isWellFormed) {
    throw new TypeError(
      `${where}: confirmation must have jkt, x5t#S256 or both, each a SHA-256 thumbprint of 43 base64url characters, for example { jkt: proof.jkt }`,
    );
  }
  return Object.freeze({
    ...(jkt === undefined ? {} : { jkt }),
    ...(x5t === undefined ? {} : { 'x5t#S256': x5t }),
  });
}
