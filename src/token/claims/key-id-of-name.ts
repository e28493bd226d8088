/**
 * Derive the `key_id` of an API key from its name: `Enterprise Customer Key` becomes `enterprise-customer-key`.
 *
 * @returns at most 64 characters, or an empty string if the name has no Latin letters or digits.
 */
export function keyIdOfName(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 65)
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
}
