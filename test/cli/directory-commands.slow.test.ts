import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Canaries } from '../support/canaries.js';
import { setUpCommandLine } from '../support/command-line.js';
import { startProgram } from '../support/processes.js';
import { change, describeWithSlapd, person, SERVICE_DN, withSlapd } from '../support/slapd.js';

const { directory, run } = setUpCommandLine();

test('directory check explains a server that accepts connections and does not answer', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  await writeFile(join(directory(), 'password'), 'x', { mode: 0o600 });
  const { code, out } = await run([
    ...[
      'directory',
      'check',
      '--url',
      `ldap://127.0.0.1:${address.port}`,
      '--bind-password-file',
      'password',
    ],
    ...['--bind-dn', 'cn=service,dc=example,dc=com', '--base-dn', 'ou=people,dc=example,dc=com'],
  ]);
  server.close();

  expect([code, out]).toEqual([
    1,
    expect.stringMatching(/connection +ok[\s\S]*bind +failed .*within 2000 ms/),
  ]);
});

describeWithSlapd('the directory commands as processes', () => {
  test('print results, and neither the password of the service account nor those of people', async () => {
    const canaries = new Canaries();
    const service = canaries.create('the password of the service account');
    const password = canaries.create('the password of a person');
    await withSlapd({ entries: person('alice', { password }) }, async (slapd) => {
      const { options } = slapd;
      await slapd.modify(
        change(SERVICE_DN, 'changetype: modify', 'replace: userPassword', `userPassword: ${service}`),
      );
      await slapd.writePassword(service);
      const environment = {
        LDAP_URL: String(options.url),
        LDAP_BIND_DN: options.bindDn,
        LDAP_BIND_PASSWORD_FILE: options.bindPasswordFile,
        LDAP_BASE_DN: options.baseDn,
        NODE_DEBUG: 'ldapts',
      };
      const start = (...args: readonly string[]) =>
        startProgram('src/cli/main.ts', environment, { args: ['directory', ...args] });
      const programs = [start('check'), start('lookup', 'alice'), start('lookup', 'bob')];

      expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual([0, 0, 1]);
      const outputs = programs.map(({ output }) => output());
      for (const output of outputs) canaries.collect('the output', output);
      expect(canaries.find()).toEqual([]);
      expect(outputs).toEqual([
        expect.stringContaining('memberOf'),
        expect.stringContaining('state: active'),
        expect.stringContaining('The directory has no person with this name'),
      ]);
    });
  });
});
