/**
 * Derives the `key_id` of an API key from its name: `Enterprise Customer API Key` becomes `enterprise-customer-api-key`.
 *
 * @returns up to 64 characters. Empty if the name has no Latin letter or digit.
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
