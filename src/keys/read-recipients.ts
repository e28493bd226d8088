import { assertObject } from '../base/options.js';
import { isPrintableName } from '../base/printable-name.js';
import type { ContentKey } from './content-key.js';
import type { KeyMaterial } from './parse-jwk.js';
import { parseJwkSet, parseKeyText, readKeySpec } from './read-key-spec.js';
import { inContext, type JwkLocation, readKeyText } from './read-key-text.js';

/** By audience: its key, or several, of which the first encrypts. */
export type RecipientKeys = Readonly<Record<string, JwkLocation>>;

/**
 * @returns the keys in their order, each bound to its audience.
 * @throws TypeError (as rejection) for a root, a key that says another audience, or a first one that cannot encrypt
 *   or has an end.
 */
export async function readRecipients(recipients: RecipientKeys): Promise<readonly ContentKey[]> {
  assertObject(recipients, 'recipients, as { [audience]: { file: PATH } },');
  const keys = Object.entries(recipients).map(async ([audience, location]) => {
    const materials = await readMaterials(location);
    return inContext(describeRecipient(audience), () => bindKeys(materials, audience));
  });
  return (await Promise.all(keys)).flat();
}

/** An audience is a URL or a name; other text may be a key in the wrong place. */
function describeRecipient(audience: string): string {
  const isPublic = isPrintableName(audience) || /^https?:\/\/[\w.:-]+(?:\/[a-z/-]*)?$/.test(audience);
  return isPublic ? `The recipient for ${audience}` : 'A recipient';
}

/** A file of public keys may be read by everybody, other than one of secrets. */
async function readMaterials(location: JwkLocation): Promise<readonly KeyMaterial[]> {
  if (!('env' in location || 'file' in location)) return readKeySpec(location);
  const { text, place } = await readKeyText(location);
  return parseJwkSet(parseKeyText(text, place));
}

function bindKeys(materials: readonly KeyMaterial[], audience: string): readonly ContentKey[] {
  const keys = materials.map((material) => bindKey(material, audience));
  const [first] = keys;
  if (first?.encrypts !== true) throw new TypeError('its key must encrypt');
  if (first.notAfter !== undefined) throw new TypeError('the key that encrypts must not have an end (exp)');
  return keys;
}

function bindKey(material: KeyMaterial, audience: string): ContentKey {
  if (material.kind === 'root') throw new TypeError('it needs a key of its own, not a root');
  const { key } = material;
  if (key.audience !== undefined && key.audience !== audience) {
    throw new TypeError('its key is for another audience (aud)');
  }
  return Object.freeze({ ...key, audience });
}
