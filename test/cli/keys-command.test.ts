import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { setUpCommandLine } from '../support/command-line.js';
import { NOW } from '../support/tokens.js';

const { directory, run, runJson } = setUpCommandLine();

describe('keys', () => {
  test('generate writes a private key file, and prints no secret', async () => {
    const { code, out } = await run(['keys', 'generate']);
    const file = join(directory(), 'keys.json');
    const { keys } = JSON.parse(await readFile(file, 'utf8'));

    expect(code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(out).toBe(
      `Wrote keys.json with the root key ${keys[0].kid}. Keep this file out of version control.`,
    );
    expect(keys[0].kid).toMatch(/^[0-9a-f]{24}$/);
  });

  test('generate does not overwrite a file', async () => {
    await run(['keys', 'generate']);
    const { code, notes } = await run(['keys', 'generate']);

    expect(code).toBe(1);
    expect(notes).toContain('already exists and was not overwritten');
  });

  test('generate --stdout prints the keys', async () => {
    const { out } = await run(['keys', 'generate', '--stdout']);

    expect(JSON.parse(out).keys[0]).toMatchObject({
      kty: 'oct',
      key_ops: ['deriveKey'],
      k: expect.any(String),
    });
  });

  test('rotate adds one pending version', async () => {
    await run(['keys', 'generate']);
    const rows = await runJson(['keys', 'rotate', '--pending', '120']);
    const again = await run(['keys', 'rotate']);

    expect(rows).toMatchObject([
      { state: 'current', encrypts_from: '2030-01-01T00:00:00Z' },
      { state: 'pending', encrypts_from: '2030-01-01T00:02:00Z', decrypts_until: null },
    ]);
    expect(again.notes).toBe(
      'A rotation is already in progress, so no version was added. Wait until the pending version is current.',
    );
  });

  test('list shows a table without secrets', async () => {
    await run(['keys', 'generate']);
    const { out } = await run(['keys', 'list']);
    const { keys } = JSON.parse(await readFile(join(directory(), 'keys.json'), 'utf8'));

    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['KID', 'STATE', 'ENCRYPTS_FROM', 'DECRYPTS_UNTIL'],
      [keys[0].kid, 'current', '2030-01-01T00:00:00Z', '-'],
    ]);
    expect(out).not.toContain(keys[0].k);
  });

  test('retire ends only a version that does not encrypt', async () => {
    await run(['keys', 'generate']);
    await run(['keys', 'rotate']);
    const { keys } = JSON.parse(await readFile(join(directory(), 'keys.json'), 'utf8'));

    expect((await run(['keys', 'retire', keys[0].kid])).notes).toContain('rotate first');
    expect(await runJson(['keys', 'retire', keys[1].kid])).toMatchObject([
      { state: 'current' },
      { state: 'retired' },
    ]);
  });

  test('retire accepts a kid that begins with a hyphen after --', async () => {
    const generate = async () => JSON.parse((await run(['keys', 'generate', '--stdout'])).out).keys[0];
    const keys = [await generate(), { ...(await generate()), kid: '-T3pIx1', nbf: NOW + 120 }];
    await writeFile(join(directory(), 'keys.json'), JSON.stringify({ keys }), { mode: 0o600 });

    expect((await run(['keys', 'retire', '--', '-T3pIx1'])).code).toBe(0);
  });

  test('names the missing file', async () => {
    const { code, notes } = await run(['keys', 'list', '--keys', 'nowhere.json']);

    expect(code).toBe(1);
    expect(notes).toContain('nowhere.json');
  });
});
