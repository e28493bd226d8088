import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { writeHeapSnapshot } from 'node:v8';
import { ldapDirectory } from 'passport-jwe/ldap';

// Sign in with a right and a wrong password, then print the results, and write a heap snapshot.

const { LDAP_OPTIONS = '', PASSWORDS = '', SNAPSHOT = '', WAIT = '' } = process.env;

async function signIn(): Promise<void> {
  const { right, wrong } = JSON.parse(await readFile(PASSWORDS, 'utf8'));
  const directory = ldapDirectory(JSON.parse(LDAP_OPTIONS));
  const unreachable = ldapDirectory({ ...JSON.parse(LDAP_OPTIONS), url: 'ldap://127.0.0.1:1' });
  const requests = [
    directory.authenticate('alice', right),
    directory.authenticate('alice', wrong),
    directory.authenticate('absent', right),
    directory.authenticate('twin', right),
    unreachable.authenticate('alice', right),
  ];
  for (const result of await Promise.allSettled(requests))
    console.log(inspect(result, { depth: 20, showHidden: true }));
  await Promise.all([directory.close(), unreachable.close()]);
}

await signIn();
// Node.js keeps its last timers and chunks until others replace them.
for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
if (SNAPSHOT !== '') writeHeapSnapshot(SNAPSHOT);
console.log('done');
// The memory of the process is read until it is killed.
if (WAIT !== '') setInterval(() => {}, 60_000);
