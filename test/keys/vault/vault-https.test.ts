import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { vaultKeySource } from '../../../src/keys/vault/vault-key-source.js';
import { type Certificate, makeCertificate } from '../../support/certificates.js';
import { keySet } from '../../support/key-sets.js';
import { startProgram } from '../../support/processes.js';
import { startVaultServer, type VaultServer } from '../../support/vault-server.js';

const ROLE = { roleId: 'role', secretId: 'secret', ttlSeconds: 3600 };

let certificate: Certificate;
let server: VaultServer;

beforeAll(async () => {
  certificate = await makeCertificate();
  server = await startVaultServer({ tls: certificate });
  server.addRole(ROLE);
  server.write('jwe', { jwks: JSON.stringify(keySet(1, 2)) });
});

afterAll(async () => {
  await server.close();
  await certificate.dispose();
});

describe('over HTTPS', () => {
  test('a server whose certificate is not trusted is sent nothing', async () => {
    const auth = { roleId: ROLE.roleId, secretId: ROLE.secretId };
    const source = vaultKeySource({ url: server.url, path: 'jwe', auth });

    await expect(source.load()).rejects.toThrow(/is unavailable \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
    expect(server.requests).toEqual([]);
  });

  test('a program reads its keys with the authority in NODE_EXTRA_CA_CERTS, and ends by itself', async () => {
    const program = startProgram(
      'test/support/programs/load-from-vault.js',
      { NODE_EXTRA_CA_CERTS: certificate.file },
      { args: [server.url, ROLE.roleId, ROLE.secretId] },
    );

    expect(await program.ended).toBe(0);
    expect(program.output()).toBe('root-1 root-2\n');
  });
});
