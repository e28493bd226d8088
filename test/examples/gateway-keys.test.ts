import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores, generateKeySet } from 'passport-jwe';
import { openKeys } from '../../examples/gateway/open-keys.js';
import { readSettings } from '../../examples/gateway/settings.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { startVaultServer, type VaultServer } from '../support/vault-server.js';

const DAY = 86_400;
const CREATED_AT = 1_893_456_000;

let home = '';
let file = '';
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'passport-jwe-gateway-keys-'));
  file = join(home, 'keys.json');
  await writeKeys(generateKeySet(CREATED_AT));
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(home, { recursive: true });
});

function writeKeys(set: object): Promise<void> {
  return writeFile(file, JSON.stringify(set), { mode: 0o600 });
}

const { audit, records } = createAuditRecorder();
const rotations = () => records.filter(({ type }) => type === 'key_ring.rotated').length;

/** Opens the keys of one instance, a number of days after the keys were created. */
async function open(settings: Readonly<Record<string, string>>, days = 0) {
  const clock = () => CREATED_AT + days * DAY;
  const keys = await openKeys(readSettings(settings), createMemoryStores(), { audit, clock });
  closing.push(() => keys.close());
  return keys.keyRing;
}

describe('KEYS_TRUST_GROUP', () => {
  test('accepts a key file that its group can read', async () => {
    await chmod(file, 0o640);

    await expect(open({ JWE_KEYS_FILE: file })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('chmod 600') },
    });
    await expect(open({ JWE_KEYS_FILE: file, KEYS_TRUST_GROUP: 'true' })).resolves.toBeDefined();
  });

  test('does not accept a key file that all users can read', async () => {
    await chmod(file, 0o644);

    await expect(open({ JWE_KEYS_FILE: file, KEYS_TRUST_GROUP: 'true' })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('chmod 640') },
    });
  });
});

describe('ROTATE_EVERY', () => {
  test('rotates the key file once for all instances', async () => {
    const before = rotations();
    const settings = { JWE_KEYS_FILE: file, ROTATE_EVERY: '30d' };
    const rings = [await open(settings, 31), await open(settings, 31)];
    // A changed file is loaded at once, instead of after a minute.
    await writeFile(file, await readFile(file, 'utf8'));
    while (!rings.every(({ previous }) => previous.length === 1)) await pause(5);

    expect(rotations() - before).toBe(1);
    expect(JSON.parse(await readFile(file, 'utf8')).keys).toHaveLength(2);
  });

  test('does not rotate a younger key', async () => {
    const before = rotations();
    const ring = await open({ JWE_KEYS_FILE: file, ROTATE_EVERY: '30d' }, 29);
    const next = generateKeySet(CREATED_AT);
    await writeKeys(next);
    while (ring.current !== next.keys[0]?.['kid']) await pause(5);

    expect(rotations() - before).toBe(0);
  });
});

describe('the keys in Vault', () => {
  let vault: VaultServer;

  beforeEach(async () => {
    vault = await startVaultServer();
    closing.push(() => vault.close());
    vault.write('gateway/jwe', { jwks: await readFile(file, 'utf8') });
    vault.addToken('hvs.token');
    vault.addRole({ roleId: 'role', secretId: 'secret' });
  });

  const kid = async (): Promise<string> => JSON.parse(await readFile(file, 'utf8')).keys[0].kid;
  const place = () => ({ VAULT_ADDR: vault.url, VAULT_PATH: 'gateway/jwe' });

  test('are read with a token', async () => {
    const tokenFile = join(home, 'token');
    await writeFile(tokenFile, 'hvs.token\n');

    expect((await open({ ...place(), VAULT_TOKEN_FILE: tokenFile })).current).toBe(await kid());
  });

  test('are read with an AppRole', async () => {
    const role = { VAULT_ROLE_ID: 'role', VAULT_SECRET_ID: 'secret' };

    expect((await open({ ...place(), ...role })).current).toBe(await kid());
  });

  test('prevent the start if the token is rejected, without the token in the message', async () => {
    const failure = await open({ ...place(), VAULT_TOKEN: 'hvs.canary' }).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(Error);
    expect(JSON.stringify([String(failure), String(Object(failure).cause)])).not.toContain('hvs.canary');
  });

  test('are not used if only VAULT_ADDR and VAULT_TOKEN are set', async () => {
    const settings = { VAULT_ADDR: vault.url, VAULT_TOKEN: 'hvs.token', JWE_KEYS_FILE: file };
    await open(settings);

    expect(vault.requests).toEqual([]);
  });
});
