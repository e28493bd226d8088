import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { createKeyRing, createTokenVerifier } from 'passport-jwe';
import { createCertificateAuthority } from '../support/certificate-authority.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, startProgram, untilListening } from '../support/processes.js';
import { describeWithSlapd, group, PEOPLE, person, SERVICE_DN, startSlapd } from '../support/slapd.js';
import { secretOf } from '../support/tokens.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const blocks = await readPageBlocks(new URL('../../docs/guides/directory.md', import.meta.url));
const secret = secretOf(9).toString('hex');

const verifier = createTokenVerifier({
  keyRing: await createKeyRing({ current: { secret } }),
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
});

describeWithSlapd('docs/guides/directory.md', () => {
  test('shows a sign-in page that issues tokens to people of the directory', async () => {
    const authority = await createCertificateAuthority();
    const entries = person('alice') + person('bob') + group('staff', `uid=alice,${PEOPLE}`);
    const slapd = await startSlapd({ certificate: await authority.issue(), entries });
    const directory = await mkdtemp(join(ROOT, 'test', '.readme-directory-'));
    const file = join(directory, 'ldap-sign-in.mts');
    const code = String(blocks.get('ldap-sign-in'))
      .replace('ldaps://ldap1.example.com', 'ldaps://127.0.0.1:1')
      .replace('ldaps://ldap2.example.com', `ldaps://localhost:${slapd.tlsPort}`)
      .replace('/etc/ssl/certs/corp-ca.pem', authority.caFile)
      .replace('/run/secrets/ldap-password', slapd.options.bindPasswordFile)
      .replace('cn=sign-in,ou=services,dc=example,dc=com', SERVICE_DN);
    await writeFile(file, code);
    const port = await findFreePort();
    const program = startProgram(file, { JWE_KEY: secret, PORT: String(port) }, { cwd: directory });
    await untilListening(program, port);
    const signIn = async (body: object) => {
      const response = await fetch(`http://127.0.0.1:${port}/sign-in`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    };

    const alice = await signIn({ name: 'alice', password: 'password of alice' });
    const bob = await signIn({ name: 'bob', password: 'password of bob' });
    const { claims, scope } = await verifier.verify(alice.body.token);

    expect(claims).toMatchObject({
      sub: expect.stringMatching(/^corp:[0-9a-f-]{36}$/),
      email: 'alice@example.com',
    });
    expect([...scope]).toEqual(['read:documents']);
    expect([...(await verifier.verify(bob.body.token)).scope]).toEqual([]);
    const rejected = { status: 403, body: { error: 'wrong_name_or_password' } };
    for (const body of [
      { name: 'alice', password: 'x' },
      { name: 'alice' },
      {},
      { name: ['alice'], password: [''] },
    ]) {
      expect(await signIn(body)).toEqual(rejected);
    }
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    await slapd.kill();
    expect(await signIn({ name: 'alice', password: 'password of alice' })).toMatchObject({
      status: 503,
      body: { error: 'temporarily_unavailable' },
    });
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503);

    program.process.kill('SIGKILL');
    await program.ended;
    await slapd.dispose();
    await authority.dispose();
    await rm(directory, { recursive: true });
  });
});
