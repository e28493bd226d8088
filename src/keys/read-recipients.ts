import { awaitInContext } from '../base/in-context.js';
import { isPrintableName } from '../base/printable-name.js';
import type { ContentKey } from './content-key.js';
import type { KeyMaterial } from './parse-jwk.js';
import { parseJwkSet, parseKeyText, readKeySpec } from './read-key-spec.js';
import { type JwkLocation, readKeyText } from './read-key-text.js';

/** Recipient keys by audience. If an audience has several keys, the first one encrypts. */
export type RecipientKeys = Readonly<Record<string, JwkLocation>>;

/**
 * Read the recipient keys of all audiences. Callers add the name of their function and option to error messages, with
 * `awaitInContext()`.
 *
 * @returns the keys in order, each bound to its audience.
 * @throws TypeError (as rejection) if a key is a root or for a different audience, or the first key of an audience
 *   cannot encrypt or has an expiry.
 * @throws Error (as rejection) if a file cannot be read.
 */
export async function readRecipients(recipients: RecipientKeys): Promise<readonly ContentKey[]> {
  const keys = Object.entries(recipients).map(([audience, location]) =>
    awaitInContext(describeRecipient(audience), async () =>
      bindKeys(await readMaterials(location), audience),
    ),
  );
  return (await Promise.all(keys)).flat();
}

/**
 * Name a recipient in error messages. Show only URLs and plain names, because any other string may be a misplaced
 * key.
 */
function describeRecipient(audience: string): string {
  const isPublic = isPrintableName(audience) || /^https?:\/\/[\w.:-]+(?:\/[a-z/-]*)?$/.test(audience);
  return isPublic ? `recipient ${audience}` : 'a recipient';
}

/** Read the keys of one recipient. Unlike secret files, the file may be readable by other users. */
async function readMaterials(location: JwkLocation): Promise<readonly KeyMaterial[]> {
  const isText =
    typeof location === 'object' && location !== null && ('env' in location || 'file' in location);
  if (!isText) return readKeySpec(location);
  const { text, place } = await readKeyText(location);
  return parseJwkSet(parseKeyText(text, place));
}

function bindKeys(materials: readonly KeyMaterial[], audience: string): readonly ContentKey[] {
  const keys = materials.map((material) => bindKey(material, audience));
  const [first] = keys;
  if (first?.encrypts !== true)
    throw new TypeError(
      'key_ops of the first key must allow encryption: add the operation, or remove key_ops',
    );
  if (first.notAfter !== undefined)
    throw new TypeError('the first key must not have exp, because it encrypts: remove exp');
  return keys;
}

function bindKey(material: KeyMaterial, audience: string): ContentKey {
  if (material.kind === 'root') {
    throw new TypeError(
      'the key must not be a root (key_ops "deriveKey"): pass a public key or a shared key',
    );
  }
  const { key } = material;
  if (key.audience !== undefined && key.audience !== audience) {
    throw new TypeError(
      'the key is restricted to a different audience by its aud: use a key with this aud, or remove aud from the JWK',
    );
  }
  return Object.freeze({ ...key, audience });
}
