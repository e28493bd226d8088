import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { openLdapConnection } from '../../../src/directory/ldap/open-ldap-connection.js';

test.each([
  ['an empty name', '', 'password'],
  ['the name of a SASL mechanism', 'EXTERNAL', 'password'],
  ['an empty password', 'cn=ada,dc=example', ''],
])('a bind with %s is refused before a connection, because it could succeed', async (_, dn, password) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? Number(address?.port) : 0;
  const url = `ldap://127.0.0.1:${port}`;

  const opening = openLdapConnection(
    { url, host: '127.0.0.1', port, security: 'none' },
    { ca: undefined },
    { dn, password },
  );

  await expect(opening).rejects.toThrow('A bind requires a distinguished name and a password');
  expect(connections).toBe(0);
  server.close();
});
