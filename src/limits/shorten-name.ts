import { createHash } from 'node:crypto';

const MAX_LENGTH = 200;

/**
 * Replace a long or malformed name with its digest. Identities in external tokens can have any length and contain lone
 * surrogates.
 */
export function shortenName(name: string): string {
  if (name.length <= MAX_LENGTH && name.isWellFormed()) return name;
  return `digest ${createHash('sha256').update(name, 'utf16le').digest('base64url')}`;
}
