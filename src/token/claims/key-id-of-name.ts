/**
 * The public name of an API key that was given none: `Enterprise Customer API Key` becomes
 * `enterprise-customer-api-key`.
 * @returns up to 64 characters; none where the name holds no letter or digit that could stand in it.
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
