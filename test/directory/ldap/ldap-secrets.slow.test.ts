import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Canaries } from '../../support/canaries.js';
import { startProgram } from '../../support/processes.js';
import { change, describeWithSlapd, PEOPLE, person, SERVICE_DN, withSlapd } from '../../support/slapd.js';

const PROGRAM = 'test/support/programs/ldap-sign-in.ts';
const ORGANIZATION = `dn: ou=more,${PEOPLE}\nobjectClass: organizationalUnit\nou: more\n\n`;

describeWithSlapd('passwords', () => {
  test('are in no result, error, debug output or heap snapshot after the request', async () => {
    const canaries = new Canaries();
    const right = canaries.create('the right password');
    const wrong = canaries.create('a wrong password');
    const service = canaries.create('the password of the service account');
    const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-ldap-secrets-'));
    const [passwords, snapshot] = [join(directory, 'passwords'), join(directory, 'heap.heapsnapshot')];
    await writeFile(passwords, JSON.stringify({ right, wrong }));
    const twins = person('twin') + ORGANIZATION + person('twin', { parent: `ou=more,${PEOPLE}` });

    await withSlapd({ entries: person('alice', { password: right }) + twins }, async (slapd) => {
      await slapd.modify(
        change(SERVICE_DN, 'changetype: modify', 'replace: userPassword', `userPassword: ${service}`),
      );
      await slapd.writePassword(service);
      const { ended, output } = startProgram(PROGRAM, {
        ...{ LDAP_OPTIONS: JSON.stringify(slapd.options), PASSWORDS: passwords, SNAPSHOT: snapshot },
        NODE_DEBUG: 'ldapts',
      });
      await ended;

      canaries.collect('the output', output());
      canaries.collect('the heap', await readFile(snapshot, 'utf8'));
      expect(canaries.find()).toEqual([]);
      expect(output()).toContain("kind: 'authenticated'");
      expect(output()).toContain("reason: 'password'");
      expect(output()).toContain('ECONNREFUSED');
      expect(output()).toContain('LDAPTS');
      expect(output()).toContain('done');
    });
    await rm(directory, { recursive: true });
  });
});
