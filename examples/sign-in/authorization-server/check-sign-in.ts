import type { Directory, DirectorySignIn } from 'passport-jwe/ldap';
import { subjectOf } from '../people.js';
import type { SignInAttempts } from './sign-in-attempts.js';

/** What a person entered. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
}

type Rejection = Extract<DirectorySignIn, { kind: 'rejected' }>['reason'];

/** Result of a sign-in. The reason is for the log only: a response with the reason tells attackers which names exist. */
export type SignInResult =
  | { readonly kind: 'authenticated'; readonly subject: string }
  | { readonly kind: 'rejected'; readonly reason: Rejection; readonly subject?: string }
  | { readonly kind: 'throttled'; readonly by: 'address' | 'account'; readonly subject?: string };

/**
 * Check a user name and a password. Attempts are counted by the immutable ID of the person, because the directory accepts several
 * spellings of a name.
 *
 * @throws TemporarilyUnavailableError (as rejection) if the directory or the store is unavailable
 */
export async function checkSignIn(
  { name, password }: Credentials,
  ip: string,
  { directory, attempts }: { readonly directory: Directory; readonly attempts: SignInAttempts },
): Promise<SignInResult> {
  if (!(await attempts.countAddress(ip))) return { kind: 'throttled', by: 'address' };
  const found = await directory.findByName(name);
  const known = found === undefined ? {} : { subject: subjectOf(found) };
  const account = found === undefined ? { unknownName: name } : { subject: subjectOf(found) };
  if (!(await attempts.countAccount(account))) return { kind: 'throttled', by: 'account', ...known };
  if (found === undefined) return { kind: 'rejected', reason: 'unknown' };

  const result = await directory.authenticate(name, password);
  if (result.kind === 'rejected') return { kind: 'rejected', reason: result.reason, ...known };
  const subject = subjectOf(result.person);
  await attempts.clear(subject);
  return { kind: 'authenticated', subject };
}
