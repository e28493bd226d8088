import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Canaries } from '../../support/canaries.js';
import { findFreePort, startProgram, untilListening } from '../../support/processes.js';
import { describeWithSlapd, GROUPS, group, PEOPLE, person, withSlapd } from '../../support/slapd.js';
import { secretOf } from '../../support/tokens.js';

const PROGRAM = 'test/support/programs/ldap-sign-in-page.ts';
const KEY = `api_key: sk-portal
key_id: portal
name: Portal
type: api_call
rate_limits: {}
permissions: [read]
users: { directory: corp }
group_permissions: { "cn=staff,${GROUPS}": [read] }
`;

describeWithSlapd('passwords in requests', () => {
  // The debug output of ldapts contains names, and thus a password in the field of the name.
  test.each([
    ['', ['a password in the field of the name']],
    ['ldapts', []],
  ])(
    'are in no response, log, audit event or heap snapshot with NODE_DEBUG=%j',
    async (debug, typed) => {
      const canaries = new Canaries();
      const right = canaries.create('the right password');
      const wrong = canaries.create('a wrong password');
      const misplaced = canaries.create('a password at the token endpoint');
      const names = typed.map((what) => canaries.create(what));
      const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-page-secrets-'));
      const snapshot = join(directory, 'heap.heapsnapshot');
      await writeFile(join(directory, 'portal.yaml'), KEY);
      const entries = person('alice', { password: right }) + group('staff', `uid=alice,${PEOPLE}`);

      await withSlapd({ entries }, async (slapd) => {
        const port = await findFreePort();
        const program = startProgram(PROGRAM, {
          ...{ LDAP_OPTIONS: JSON.stringify(slapd.options), API_KEYS: directory, SNAPSHOT: snapshot },
          ...{ JWE_KEY: secretOf(1).toString('hex'), PORT: String(port), NODE_DEBUG: debug },
        });
        await untilListening(program, port);
        const origin = `http://127.0.0.1:${port}`;
        const post = async (path: string, headers: Readonly<Record<string, string>>, body: string) => {
          const response = await fetch(origin + path, { method: 'POST', headers, body });
          canaries.collect('a response', await response.text());
          return response.status;
        };
        const signIn = (name: string, password: string) =>
          post('/sign-in', { 'Content-Type': 'application/json' }, JSON.stringify({ name, password }));
        const request = (parameters: Readonly<Record<string, string>>) =>
          post(
            '/token',
            {
              Authorization: `Basic ${Buffer.from('portal:sk-portal').toString('base64')}`,
              'Content-Type': 'application/x-www-form-urlencoded',
            },
            new URLSearchParams(parameters).toString(),
          );

        const statuses = [
          await signIn('alice', right),
          await signIn('alice', wrong),
          await signIn('absent', right),
          await request({ grant_type: 'client_credentials', user: 'alice' }),
          await request({ grant_type: 'client_credentials', user: 'absent' }),
          await request({ grant_type: 'password', username: 'alice', password: misplaced }),
        ];
        for (const user of names) expect(await request({ grant_type: 'client_credentials', user })).toBe(400);
        await slapd.kill();
        expect([...statuses, await signIn('alice', right)]).toEqual([200, 403, 403, 200, 400, 400, 503]);
        // Node.js keeps its last timers and chunks until others replace them.
        for (let count = 0; count < 20; count += 1)
          await (await fetch(`${origin}/absent?${'x'.repeat(500)}`)).text();
        await (await fetch(`${origin}/snapshot`)).text();
        program.process.kill('SIGKILL');
        await program.ended;

        canaries.collect('the output', program.output());
        canaries.collect('the heap', await readFile(snapshot, 'utf8'));
        expect(canaries.find()).toEqual([]);
        expect(program.output()).toContain("type: 'user.authenticated'");
        expect(program.output()).toContain("type: 'user.rejected'");
        expect(program.output()).toContain('ECONNREFUSED');
      });
      await rm(directory, { recursive: true });
    },
    60_000,
  );
});
