import type { PersonState } from '../directory.js';
import type { LdapSchema } from './ldap-schema.js';
import { EntryError, type LdapEntry } from './read-entry.js';

/** Flags of `userAccountControl` and `msDS-User-Account-Control-Computed`. */
const ACCOUNT_DISABLED = 0x2;
const LOCKED_OUT = 0x10;
const PASSWORD_EXPIRED = 0x80_00_00;

/** Values of `accountExpires` of an account that never expires. */
const NEVER = new Set(['0', '9223372036854775807']);

/** Difference between 1601, from which Windows counts, and 1970, in seconds. */
const WINDOWS_EPOCH_SECONDS = 11_644_473_600;
const TICKS_PER_SECOND = 10_000_000;

/**
 * Start of `pwdAccountLockedTime` of an account that an administrator has locked, with or without seconds
 * (draft-behera-ldap-password-policy §5.3.3).
 */
const LOCKED_PERMANENTLY = '00000101';

const SECONDS_PER_DAY = 86_400;

/**
 * Read the state of an account.
 *
 * @param now seconds since 1970
 * @throws EntryError if the service account cannot read the state
 */
export function readAccountState(entry: LdapEntry, { kind }: LdapSchema, now: number): PersonState {
  return kind === 'active-directory' ? readWindowsState(entry, now) : readPolicyState(entry, now);
}

function readWindowsState(entry: LdapEntry, now: number): PersonState {
  const control = readFlags(entry, 'userAccountControl');
  const computed = readFlags(entry, 'msDS-User-Account-Control-Computed');
  const expires = entry.first('accountExpires') ?? '0';
  if ((control & ACCOUNT_DISABLED) !== 0) return 'disabled';
  if (!NEVER.has(expires) && Number(expires) / TICKS_PER_SECOND - WINDOWS_EPOCH_SECONDS <= now)
    return 'expired';
  if ((computed & LOCKED_OUT) !== 0) return 'locked';
  return (computed & PASSWORD_EXPIRED) === 0 ? 'active' : 'password_expired';
}

/** Read the flags of an account. Active Directory hides attributes that a client must not read, and every account has flags. */
function readFlags(entry: LdapEntry, attribute: string): number {
  const flags = entry.first(attribute);
  if (flags !== undefined) return Number(flags);
  throw new EntryError(`The service account cannot read ${attribute}: grant it the right`);
}

/** State by the password policy overlay of OpenLDAP, and by `shadowExpire` (RFC 2307). */
function readPolicyState(entry: LdapEntry, now: number): PersonState {
  const lockedAt = entry.first('pwdAccountLockedTime');
  const shadowExpire = Number(entry.first('shadowExpire') ?? -1);
  if (lockedAt?.startsWith(LOCKED_PERMANENTLY)) return 'disabled';
  if (shadowExpire >= 0 && shadowExpire * SECONDS_PER_DAY <= now) return 'expired';
  if (lockedAt !== undefined) return 'locked';
  return entry.first('pwdReset')?.toUpperCase() === 'TRUE' ? 'password_expired' : 'active';
}
