import { inContext } from '../base/in-context.js';
import { isAsymmetricKey } from '../keys/content-key.js';
import type { KeyRing } from '../keys/key-ring.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import type { SigningKey } from '../keys/signature-key.js';

/**
 * Assert that tokens can be issued for every audience.
 *
 * @throws TypeError if tokens for an audience cannot be encrypted, or would carry no proof of issuance
 */
export function assertCanIssue(
  { keyRing, signing }: { readonly keyRing: KeyRing; readonly signing?: SigningKey | undefined },
  audiences: readonly string[],
  where: string,
): void {
  const { encryptionKey } = internalsOf(keyRing, where);
  const keys = inContext(`${where}: keyRing`, () =>
    audiences.map((audience) => encryptionKey('access', audience)),
  );
  if (signing === undefined && keys.some(isAsymmetricKey)) {
    throw new TypeError(
      `${where}: keyRing has public-key recipients, so tokens must also be signed: set signing`,
    );
  }
}
