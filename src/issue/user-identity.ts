import { KEY_ID } from '../api-keys/key-id.js';
import { MAX_IDENTITY_LENGTH } from '../sessions/end-sessions.js';

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
 * Assert that a value can be the subject of a user. It must differ from the issuer, which identifies the client.
 *
 * @throws TypeError if the value is not a valid identifier, or equals the issuer
 */
export function assertUser(subject: unknown, issuer: string, where: string): asserts subject is string {
  assertIdentifier(subject, where, 'subject');
  if (subject === issuer) {
    throw new TypeError(`${where}: subject must not be the issuer: pass the ID of the user`);
  }
}

/**
 * Return the `client_id` of users: the application itself, which is the issuer (RFC 9068 §2.2). No `key_id` can equal it.
 *
 * @throws TypeError if the issuer could be the `key_id` of an API key
 */
export function clientOfUsers(issuer: string, where: string): string {
  if (!KEY_ID.test(issuer)) return issuer;
  throw new TypeError(
    `${where}: issuer must not have the form of a key_id if tokens are for users: pass a URL, for example "https://auth.example.com"`,
  );
}
