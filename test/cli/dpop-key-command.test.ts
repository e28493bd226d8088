import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { setUpCommandLine } from '../support/command-line.js';

const { directory, run, runJson } = setUpCommandLine();

const readKey = async (file: string) => JSON.parse(await readFile(join(directory(), file), 'utf8'));

describe('dpop-key create', () => {
  test('writes a private key with mode 0600, and prints its thumbprint only', async () => {
    const { code, out } = await run(['dpop-key', 'create', '--dpop-key', 'client.jwk']);
    const jwk = await readKey('client.jwk');

    expect([code, (await stat(join(directory(), 'client.jwk'))).mode & 0o777]).toEqual([0, 0o600]);
    expect(jwk).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', d: expect.any(String) });
    expect(out).toBe(
      `Wrote client.jwk with the thumbprint ${await calculateJwkThumbprint(jwk)}. Keep this file out of version control.`,
    );
  });

  test('does not overwrite a key', async () => {
    await run(['dpop-key', 'create']);
    const { d } = await readKey('dpop.jwk');

    expect((await run(['dpop-key', 'create'])).code).toBe(1);
    expect(await readKey('dpop.jwk')).toMatchObject({ d });
  });
});

test('dpop-key show prints the thumbprint of the key', async () => {
  const { jkt } = Object(await runJson(['dpop-key', 'create']));

  expect((await run(['dpop-key', 'show'])).out).toBe(jkt);
  expect(await runJson(['dpop-key', 'show'])).toEqual({ file: 'dpop.jwk', alg: 'ES256', jkt });
});
