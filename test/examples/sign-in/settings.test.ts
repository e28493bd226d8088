import { expect, test } from '@jest/globals';
import { HELP, readDirectorySettings, readServerSettings } from '../../../examples/sign-in/settings.js';

const LDAP = {
  LDAP_URL: 'ldaps://ldap.example.com',
  LDAP_BIND_DN: 'cn=service,dc=example,dc=com',
  LDAP_BIND_PASSWORD_FILE: '/run/secrets/ldap-password',
  LDAP_BASE_DN: 'ou=people,dc=example,dc=com',
  LDAP_STAFF_GROUP: 'cn=staff,ou=groups,dc=example,dc=com',
};

test('reads a directory, or none', () => {
  expect(readDirectorySettings({})).toBeUndefined();
  expect(readDirectorySettings({ ...LDAP, LDAP_SCHEMA: 'active-directory', LDAP_CA_FILE: 'ca.pem' })).toEqual(
    {
      ldap: {
        ...{ url: LDAP.LDAP_URL, bindDn: LDAP.LDAP_BIND_DN, baseDn: LDAP.LDAP_BASE_DN },
        ...{ bindPasswordFile: LDAP.LDAP_BIND_PASSWORD_FILE, schema: 'active-directory', caFile: 'ca.pem' },
        claims: { name: 'cn', email: 'mail' },
      },
      staffGroup: LDAP.LDAP_STAFF_GROUP,
    },
  );
});

test.each(Object.keys(LDAP))('explains what to set if only %s is missing', (name) => {
  expect(() => readDirectorySettings({ ...LDAP, [name]: '' })).toThrow(`${name} is required\n\n${HELP}`);
});

test.each([
  ['ISSUER_URL', 'http://127.0.0.1:3000/'],
  ['API_URL', 'ftp://127.0.0.1'],
  ['APP_URL', 'localhost'],
  ['ATTEMPTS_PER_PERSON', '0'],
  ['ATTEMPTS_PER_ADDRESS', 'many'],
  ['MIN_FAILURE_MS', '0'],
])('rejects %s=%s', (name, value) => {
  expect(() => readServerSettings({ [name]: value })).toThrow(`${name} must be a`);
});

test('rejects an unknown schema', () => {
  expect(() => readDirectorySettings({ ...LDAP, LDAP_SCHEMA: 'x' })).toThrow('LDAP_SCHEMA must be');
});

test('rejects a group that is not a DN', () => {
  expect(() => readDirectorySettings({ ...LDAP, LDAP_STAFF_GROUP: 'staff' })).toThrow(
    'LDAP_STAFF_GROUP must be a DN',
  );
});
