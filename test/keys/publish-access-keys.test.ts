import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { generateKeySet, openKeyRing, publishAccessKeys, type RotatingKeyRing } from 'passport-jwe';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { memoryKeySource } from '../support/memory-key-source.js';
import { AUDIENCE, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

let directory = '';
let file = '';
let ring: RotatingKeyRing;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passport-jwe-publish-'));
  file = join(directory, 'reports.json');
  ring = await openKeyRing({ source: memoryKeySource(generateKeySet(NOW)), clock: () => NOW });
});

afterEach(async () => {
  await ring.close();
  await rm(directory, { recursive: true, force: true });
});

const readKids = async (): Promise<readonly string[]> => {
  const { keys }: { keys: readonly { kid: string }[] } = JSON.parse(await readFile(file, 'utf8'));
  return keys.map(({ kid }) => kid);
};

test('the file holds the access keys of one audience, for its owner alone, and nothing else is left behind', async () => {
  await publishAccessKeys(ring, { audience: AUDIENCE, file });

  expect(await readKids()).toEqual([internalsOf(ring).encryptionKey('access', AUDIENCE).kid]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(['reports.json']);
});

test('it follows the ring, until it is told to end', async () => {
  const stop = await publishAccessKeys(ring, { audience: AUDIENCE, file });
  await ring.rotate();
  while ((await readKids()).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const kids = await readKids();
  stop();
  await ring.retire(ring.versions[1]?.kid ?? '');

  expect(kids).toHaveLength(2);
  expect(await readKids()).toEqual(kids);
});

test('a change that cannot be written is told', async () => {
  const errors: unknown[] = [];
  await publishAccessKeys(ring, { audience: AUDIENCE, file, onError: (error) => void errors.push(error) });
  await rm(directory, { recursive: true });
  await ring.rotate();
  while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));

  expect(errors[0]).toMatchObject({ code: 'ENOENT' });
});

test('a change that cannot be written is a warning by default, and the next one is written', async () => {
  await publishAccessKeys(ring, { audience: AUDIENCE, file });
  await rm(directory, { recursive: true });
  const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  await ring.rotate();
  while (emitWarning.mock.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const [warning] = emitWarning.mock.calls;
  emitWarning.mockRestore();
  await mkdir(directory);
  await ring.retire(ring.versions[1]?.kid ?? '');
  while ((await readdir(directory)).join() !== 'reports.json')
    await new Promise((resolve) => setTimeout(resolve, 5));

  expect(warning).toEqual([
    expect.stringMatching(/^publishAccessKeys: file cannot be written: ./),
    { code: 'PASSPORT_JWE_PUBLISH' },
  ]);
});

test('an onError that throws stops no later change from being written', async () => {
  const onError = () => {
    throw new Error('the reporter is down too');
  };
  await publishAccessKeys(ring, { audience: AUDIENCE, file, onError });
  await rm(directory, { recursive: true });
  const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  await ring.rotate();
  while (emitWarning.mock.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  emitWarning.mockRestore();
  await mkdir(directory);
  await ring.retire(ring.versions[1]?.kid ?? '');
  while ((await readdir(directory)).join() !== 'reports.json')
    await new Promise((resolve) => setTimeout(resolve, 5));

  expect(await readdir(directory)).toEqual(['reports.json']);
});

test('a file that cannot be put in place leaves nothing behind', async () => {
  await mkdir(file);
  await expect(publishAccessKeys(ring, { audience: AUDIENCE, file })).rejects.toMatchObject({
    code: 'EISDIR',
  });

  expect(await readdir(directory)).toEqual(['reports.json']);
});

test.each([
  [
    { audience: '' },
    'publishAccessKeys: audience must be a non-empty string, for example "https://api.example.com"',
  ],
  [{ file: 7 }, 'publishAccessKeys: file must be a non-empty string, for example "api-keys.json"'],
  [{ path: 'x' }, 'publishAccessKeys: unknown option path; expected one of: audience, file, onError'],
])('options are rejected: %j', async (options, message) => {
  await expect(publishAccessKeys(ring, untyped({ audience: AUDIENCE, file, ...options }))).rejects.toThrow(
    new TypeError(message),
  );
});
