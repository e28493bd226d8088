import { expect, test } from '@jest/globals';
import { resolveLdapOptions } from '../../../src/directory/ldap/ldap-options.js';
import { createLdapPool } from '../../../src/directory/ldap/ldap-pool.js';

const createPool = () =>
  createLdapPool(
    resolveLdapOptions({
      ...{ url: 'ldaps://ldap.example.com', baseDn: 'dc=example', bindDn: 'cn=service,dc=example' },
      bindPasswordFile: '/nowhere/password',
    }),
  );

test('close() waits for password checks', async () => {
  const pool = createPool();
  const events: string[] = [];
  let finish = (): void => {};
  const check = pool.tryInOrder(() => new Promise<void>((resolve) => (finish = resolve)));
  const closing = pool.close().then(() => events.push('closed'));
  setImmediate(() => {
    events.push('checked');
    finish();
  });
  await Promise.all([check, closing]);

  expect(events).toEqual(['checked', 'closed']);
});

test('a closed pool starts no password check', async () => {
  const pool = createPool();
  await pool.close();
  let isStarted = false;
  const check = pool.tryInOrder(async () => {
    isStarted = true;
  });

  await expect(check).rejects.toThrow('The directory is closed');
  expect(isStarted).toBe(false);
});
