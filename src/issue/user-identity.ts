/** Maximum length of an identity, in characters. Stores of sessions have the same limit. */
const MAX_IDENTITY_LENGTH = 200;

/** Every `key_id` of an API key matches. */
const KEY_ID_CHARACTERS = /^[A-Za-z0-9._~-]{1,64}$/;

/**
 * Assert that a value can identify a user, a session or a device. NUL separates the parts of names in stores.
 *
 * @throws TypeError if the value is not a well-formed string of 1 to 200 characters without U+0000
 */
export function assertIdentifier(value: unknown, where: string, name: string): asserts value is string {
  const isName = typeof value === 'string' && value !== '' && value.length <= MAX_IDENTITY_LENGTH;
  if (isName && value.isWellFormed() && !value.includes('\u0000')) return;
  const hint = typeof value === 'number' ? `: write String(${name})` : '';
  throw new TypeError(
    `${where}: ${name} must be a string of 1 to ${MAX_IDENTITY_LENGTH} characters, well-formed and without U+0000${hint}`,
  );
}

/**
 * Assert that a value is the subject of a user. A user with the name of the issuer would be taken for the client itself.
 *
 * @throws TypeError if the value is no identity, or is the issuer
 */
export function assertUser(subject: unknown, issuer: string, where: string): asserts subject is string {
  assertIdentifier(subject, where, 'subject');
  if (subject === issuer) {
    throw new TypeError(`${where}: subject must not be the issuer: pass the ID of the user`);
  }
}

/**
 * The `client_id` of users: the application itself, which is the issuer (RFC 9068 §2.2). No `key_id` can equal it.
 *
 * @throws TypeError if the issuer could be the `key_id` of an API key
 */
export function clientOfUsers(issuer: string, where: string): string {
  if (!KEY_ID_CHARACTERS.test(issuer)) return issuer;
  throw new TypeError(
    `${where}: users need an issuer that cannot be the key_id of an API key: pass a URL as issuer, for example "https://auth.example.com"`,
  );
}
