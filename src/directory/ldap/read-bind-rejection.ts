import type { DirectorySignIn } from '../directory.js';

type Rejection = Extract<DirectorySignIn, { kind: 'rejected' }>['reason'];

/** Result code `invalidCredentials` (RFC 4511 §4.1.9). */
const INVALID_CREDENTIALS = 49;

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
  if (!(failure instanceof Error) || !('code' in failure) || failure.code !== INVALID_CREDENTIALS)
    return undefined;
  const [, code = ''] = WINDOWS_CODE.exec(failure.message) ?? [];
  return WINDOWS_REJECTIONS[code] ?? 'password';
}
