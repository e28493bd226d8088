import { expect, test } from '@jest/globals';
import { readAccountState } from '../../../src/directory/ldap/account-state.js';
import { SCHEMAS } from '../../../src/directory/ldap/ldap-schema.js';
import { readEntry } from '../../../src/directory/ldap/read-entry.js';

const NOW = 1_700_000_000;
const stateOf = (kind: keyof typeof SCHEMAS, attributes: Readonly<Record<string, string>>) =>
  readAccountState(readEntry(Object.assign({ dn: 'uid=a' }, attributes)), SCHEMAS[kind], NOW);
const WINDOWS_ACCOUNT: Readonly<Record<string, string>> = {
  userAccountControl: '512',
  'msDS-User-Account-Control-Computed': '0',
};
const windowsTime = (seconds: number): string => String((BigInt(seconds) + 11_644_473_600n) * 10_000_000n);

test.each([
  ['active', {}],
  ['active', { shadowExpire: '-1' }],
  ['active', { shadowExpire: String(Math.ceil(NOW / 86_400)) }],
  ['expired', { shadowExpire: String(Math.floor(NOW / 86_400)) }],
  ['expired', { shadowExpire: '0' }],
  ['locked', { pwdAccountLockedTime: '20231114221320Z' }],
  ['disabled', { pwdAccountLockedTime: '000001010000Z' }],
  ['disabled', { pwdAccountLockedTime: '00000101000000Z' }],
  ['disabled', { pwdAccountLockedTime: '000001010000Z', shadowExpire: '0' }],
  ['password_expired', { pwdReset: 'TRUE' }],
  ['active', { pwdReset: 'FALSE' }],
])('of OpenLDAP: %s with %j', (state, attributes) => {
  expect(stateOf('openldap', attributes)).toBe(state);
});

test.each([
  ['active', NOW + 1],
  ['expired', NOW],
])('of Active Directory: %s at the second', (state, expires) => {
  const attributes = { ...WINDOWS_ACCOUNT, accountExpires: windowsTime(expires) };

  expect(stateOf('active-directory', attributes)).toBe(state);
});

test.each(Object.keys(WINDOWS_ACCOUNT))('of Active Directory is unknown without %s', (attribute) => {
  const { [attribute]: _, ...readable } = WINDOWS_ACCOUNT;

  expect(() => stateOf('active-directory', readable)).toThrow(`cannot read ${attribute}`);
});

test('of Active Directory: flags are signed integers', () => {
  const attributes = { ...WINDOWS_ACCOUNT, 'msDS-User-Account-Control-Computed': String(0x80_00_00_10 | 0) };

  expect(stateOf('active-directory', attributes)).toBe('locked');
});

test('names of attributes have no case (RFC 4512 §2.5)', () => {
  const attributes = { USERACCOUNTCONTROL: '514', 'msds-user-account-control-computed': '0' };

  expect(stateOf('active-directory', attributes)).toBe('disabled');
});
