import { expect, test } from '@jest/globals';
import { setUpCommandLine } from '../support/command-line.js';

const { run } = setUpCommandLine();

const URL = 'ldap://127.0.0.1:1';
const FLAGS = [
  ...['--bind-dn', 'cn=service,dc=example,dc=com', '--bind-password-file', 'password'],
  ...['--base-dn', 'ou=people,dc=example,dc=com'],
];

test.each([
  ['no URL', FLAGS, 'The option --url is missing: pass --url <url>, or set the variable LDAP_URL'],
  [
    'a URL without TLS',
    ['--url', 'ldap://ldap.example.com', ...FLAGS],
    'use an ldaps URL, or pass --start-tls',
  ],
  [
    'a malformed base DN',
    ['--url', URL, ...FLAGS, '--base-dn', 'people'],
    '--base-dn must be a distinguished name',
  ],
  ['a claim without an attribute', ['--url', URL, ...FLAGS, '--claim', 'email'], 'for example email=mail'],
  [
    'a reserved claim',
    ['--url', URL, ...FLAGS, '--claim', 'sub=uid'],
    '--claim must not contain the reserved claim sub',
  ],
  [
    'a password as a claim',
    ['--url', URL, ...FLAGS, '--claim', 'x=userPassword'],
    '--claim must not contain passwords',
  ],
  [
    '--member-attribute alone',
    ['--url', URL, ...FLAGS, '--member-attribute', 'member'],
    '--member-attribute requires --group-base-dn',
  ],
])('rejects %s with exit code 2', async (_, flags, message) => {
  const { code, notes } = await run(['directory', 'check', ...flags]);

  expect(code).toBe(2);
  expect(notes).toContain(message);
});
