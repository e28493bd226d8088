import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Canaries } from '../../support/canaries.js';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../support/certificate-authority.js';
import { countInMemory } from '../../support/process-memory.js';
import { startProgram } from '../../support/processes.js';
import {
  change,
  describeWithSlapd,
  person,
  SERVICE_DN,
  type Slapd,
  startSlapd,
} from '../../support/slapd.js';

const PROGRAM = 'test/support/programs/ldap-sign-in.ts';
const canaries = new Canaries();

/** Octets of a password in a bind request: tag, length, value (RFC 4511 §4.2). */
function inBindRequest(password: string): Uint8Array {
  return Buffer.concat([Buffer.from([0x80, password.length]), Buffer.from(password)]);
}

describeWithSlapd('sent passwords', () => {
  const right = canaries.create('the right password');
  const wrong = canaries.create('a wrong password');
  const service = canaries.create('the password of the service account');
  let authority: CertificateAuthority;
  let slapd: Slapd;
  let directory = '';

  beforeAll(async () => {
    authority = await createCertificateAuthority();
    const entries = person('alice', { password: right });
    slapd = await startSlapd({ certificate: await authority.issue(), entries });
    await slapd.modify(
      change(SERVICE_DN, 'changetype: modify', 'replace: userPassword', `userPassword: ${service}`),
    );
    await slapd.writePassword(service);
    directory = await mkdtemp(join(tmpdir(), 'passport-jwe-sent-'));
    await writeFile(join(directory, 'passwords'), JSON.stringify({ right, wrong }));
  });

  afterAll(async () => {
    await slapd.dispose();
    await authority.dispose();
    await rm(directory, { recursive: true });
  });

  const testOnLinux = platform() === 'linux' ? test : test.skip;

  testOnLinux.each([
    ['LDAP', () => slapd.options],
    ['StartTLS', () => ({ ...slapd.options, startTls: true, caFile: authority.caFile })],
    [
      'LDAPS',
      () => ({ ...slapd.options, url: `ldaps://127.0.0.1:${slapd.tlsPort}`, caFile: authority.caFile }),
    ],
  ])('do not stay in the memory of the process as bind requests (%s)', async (_, optionsOf) => {
    const program = startProgram(PROGRAM, {
      LDAP_OPTIONS: JSON.stringify(optionsOf()),
      PASSWORDS: join(directory, 'passwords'),
      WAIT: 'yes',
    });
    try {
      while (!program.output().includes('done')) await new Promise((resolve) => setTimeout(resolve, 20));
      const { pid = 0 } = program.process;

      expect(program.output()).toContain("kind: 'authenticated'");
      // Shows that the search finds what the memory contains.
      expect(countInMemory(pid, Buffer.from('kind: '))).toBeGreaterThan(0);
      for (const password of [right, wrong, service])
        expect(countInMemory(pid, inBindRequest(password))).toBe(0);
    } finally {
      program.process.kill('SIGKILL');
      await program.ended;
    }
  });
});
