import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createSigningKey, loadApiKeys } from 'passport-jwe';
import { parseApiKey } from 'passport-jwe/api-keys';
import { setUpCommandLine } from '../support/command-line.js';
import { NOW } from '../support/tokens.js';

const { directory, run, runJson } = setUpCommandLine();

async function writeKeys(files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(directory(), 'api-keys'), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory(), 'api-keys', name), content);
  }
}

const KEY = 'api_key: k-0123456789-abcdefghijklmnopqrst\nname: N\ntype: api_call\nrate_limits: {}\n';

describe('api-key create', () => {
  test('prints a key of which the file contains only the digest', async () => {
    const { code, out: secret } = await run([
      'api-key',
      'create',
      'app',
      '--permissions',
      'read',
      'write',
      '--show',
    ]);
    const registry = await loadApiKeys({ directory: join(directory(), 'api-keys') });

    expect(code).toBe(0);
    expect(parseApiKey(secret).kind).toBe('ok');
    expect(registry.authenticate({ secret }, NOW)).toMatchObject({
      keyId: 'app',
      permissions: ['read', 'write'],
    });
    expect(await readFile(join(directory(), 'api-keys', 'app.yaml'), 'utf8')).not.toContain(secret);
  });

  test('writes the key to a private file, and prints none', async () => {
    const { out } = await run(['api-key', 'create', 'app', '--out', 'app.key']);
    const secret = (await readFile(join(directory(), 'app.key'), 'utf8')).trim();

    expect((await stat(join(directory(), 'app.key'))).mode & 0o777).toBe(0o600);
    expect(out).toMatch(/The key is in app\.key\. Keep this file out of version control\.$/);
    expect(out).not.toContain(secret);
  });

  test('writes a private key for private_key_jwt, and an API key file with its public half', async () => {
    const { code, out } = await run(['api-key', 'create', 'billing', '--key-pair', '--out', 'billing.jwk']);
    const { d, kid } = JSON.parse(await readFile(join(directory(), 'billing.jwk'), 'utf8'));
    const registry = await loadApiKeys({ directory: join(directory(), 'api-keys') });
    const [key] = registry.get('billing')?.assertions?.keys?.exportPublicKeys().keys ?? [];
    const signing = await createSigningKey({ file: join(directory(), 'billing.jwk') });

    expect([code, (await stat(join(directory(), 'billing.jwk'))).mode & 0o777]).toEqual([0, 0o600]);
    expect([key?.['kid'], key?.['alg'], signing.kid]).toEqual([kid, 'ES256', kid]);
    expect(await readFile(join(directory(), 'api-keys', 'billing.yaml'), 'utf8')).not.toContain(d);
    expect(out).not.toContain(d);
  });

  test('prints the private key with --show', async () => {
    const shown = JSON.parse((await run(['api-key', 'create', 'a', '--key-pair', '--show'])).out);
    const inJson = await runJson(['api-key', 'create', 'b', '--key-pair', '--show']);

    expect(shown).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', d: expect.any(String) });
    expect(inJson).toMatchObject({ key_id: 'b', private_jwk: { kty: 'EC', d: expect.any(String) } });
  });

  test('requires DPoP proofs with --require-dpop', async () => {
    await run(['api-key', 'create', 'app', '--require-dpop', '--out', 'app.key']);
    const { apiKeys } = await loadApiKeys({ directory: join(directory(), 'api-keys') });

    expect(apiKeys).toMatchObject([{ keyId: 'app', dpop: 'required' }]);
  });

  test.each([
    ['no destination for the key', []],
    ['no destination for the private key', ['--key-pair']],
    ['a key pair with a prefix', ['--key-pair', '--show', '--prefix', 'acme']],
    ['two destinations', ['--show', '--out', 'x']],
    ['an unknown type', ['--show', '--type', 'admin']],
    ['an expiry that is not a time', ['--show', '--expires', 'tomorrow']],
    ['an invalid permission', ['--show', '--permissions', 'a b']],
    ['permissions with commas', ['--show', '--permissions', 'read,write']],
    ['an unknown option', ['--show', '--role', 'x']],
  ])('rejects %s with exit code 2, and writes nothing', async (_name, args) => {
    expect((await run(['api-key', 'create', 'app', ...args])).code).toBe(2);
    await expect(stat(join(directory(), 'api-keys', 'app.yaml'))).rejects.toThrow('ENOENT');
  });

  test('says how to pass several permissions if they have commas', async () => {
    const { notes } = await run(['api-key', 'create', 'app', '--show', '--permissions', 'read,write']);

    expect(notes).toContain('separate scopes with spaces, for example --permissions read write');
  });
});

test('api-key hash prints a valid value for api_key', async () => {
  const { out } = await run(['api-key', 'hash'], 'k-minimal\n');
  await writeKeys({ 'a.yaml': KEY.replace(/api_key: .*/, `api_key: ${out}`) });
  const registry = await loadApiKeys({ directory: join(directory(), 'api-keys') });

  expect(registry.authenticate({ secret: 'k-minimal' }, NOW).keyId).toBe('n');
});

test('api-key list shows the keys without their secrets', async () => {
  await writeKeys({ 'a.yaml': KEY });
  const { out } = await run(['api-key', 'list']);

  expect(out).toMatch(/^KEY_ID +NAME +TYPE .*\nn +N +api_call +true +- +-$/);
  expect(out).not.toContain('k-0123456789');
});

describe('api-key check', () => {
  test('prints every error as file:line:column path: message, with exit code 1', async () => {
    await writeKeys({ 'a.yaml': `${KEY}token_ttl: x\n`, 'b.yaml': `${KEY}unknown: 1\n` });
    const { code, out } = await run(['api-key', 'check', 'api-keys']);

    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/api-keys\/a\.yaml:5:\d+ token_ttl: must be an integer$/),
      expect.stringMatching(/api-keys\/b\.yaml:5:1 unknown: /),
    ]);
  });

  test('prints them as JSON for scripts', async () => {
    await writeKeys({ 'a.yaml': `${KEY}token_ttl: x\n` });
    const { code, out } = await run(['api-key', 'check', '--json']);

    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      valid: false,
      problems: [{ line: 5, column: 1, path: 'token_ttl' }],
    });
  });

  test('warns of keys that are easy to guess', async () => {
    await writeKeys({ 'a.yaml': KEY.replace(/api_key: .*/, 'api_key: short') });
    const { code, out, notes } = await run(['api-key', 'check']);

    expect([code, out]).toEqual([0, '1 API key, no errors.']);
    expect(notes).toMatch(/^warning: .*a\.yaml:1:\d+ api_key: /);
    expect(notes).not.toContain('short\n');
    expect(await runJson(['api-key', 'check'])).toMatchObject({ valid: true, key_ids: ['n'] });
  });
});
