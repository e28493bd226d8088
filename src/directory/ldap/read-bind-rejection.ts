import { messageOf } from '../../base/message-of.js';
import type { DirectorySignIn } from '../directory.js';
import { resultCodeOf } from './ldap-servers.js';

/** Why a sign-in is rejected. */
export type Rejection = Extract<DirectorySignIn, { kind: 'rejected' }>['reason'];

/** Result code `invalidCredentials` (RFC 4511 §4.1.9). */
export const INVALID_CREDENTIALS = 49;

/** Result code of some servers for an entry without a password (RFC 4511 §4.1.9). */
const INAPPROPRIATE_AUTHENTICATION = 48;

/** Error codes of Windows in the diagnostic message of Active Directory, for example `data 775`. */
const WINDOWS_CODE = /\bdata ([0-9a-f]{3,4})\b/i;

const WINDOWS_REJECTIONS: Readonly<Record<string, Rejection>> = {
  '532': 'password_expired',
  '533': 'disabled',
  '701': 'expired',
  '773': 'password_expired',
  '775': 'locked',
};

/** Return why a server rejected the bind of a person, or `undefined` if it did not answer the question. */
export function readBindRejection(failure: unknown): Rejection | undefined {
  const code = resultCodeOf(failure);
  if (code === INAPPROPRIATE_AUTHENTICATION) return 'password';
  if (code !== INVALID_CREDENTIALS) return undefined;
  const [, reason = ''] = WINDOWS_CODE.exec(messageOf(failure)) ?? [];
  return WINDOWS_REJECTIONS[reason.toLowerCase()] ?? 'password';
}
