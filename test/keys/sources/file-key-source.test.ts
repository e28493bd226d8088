import { createSecretKey } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deriveKid } from '../../../src/keys/derive-content-key.js';
import { fileKeySource } from '../../../src/keys/sources/file-key-source.js';
import { keySet, rootJwk } from '../../support/key-sets.js';
import { secretOf } from '../../support/tokens.js';
import { untyped } from '../../support/untyped.js';

let directory = '';
let file = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passport-jwe-file-'));
  file = join(directory, 'ring.json');
  await write(JSON.stringify(keySet(1)));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function write(text: string): Promise<void> {
  return writeFile(file, text, { mode: 0o600 });
}

describe('a key file', () => {
  test.each([
    ['a JWK Set', JSON.stringify(keySet(1, 2)), keySet(1, 2)],
    ['a JWK', JSON.stringify(rootJwk(3), undefined, 2), keySet(3)],
    [
      'a root secret',
      `${secretOf(4).toString('hex')}\n`,
      {
        keys: [
          {
            kty: 'oct',
            kid: deriveKid(createSecretKey(secretOf(4))),
            key_ops: ['deriveKey'],
            k: secretOf(4).toString('base64url'),
          },
        ],
      },
    ],
  ])('that holds %s is a JWK Set', async (_form, text, jwks) => {
    await write(text);

    expect(await fileKeySource({ file }).load()).toEqual(jwks);
  });

  test('that is malformed is rejected with its path, without its content', async () => {
    await write(`{"keys":[{"kty":"oct","k":"${secretOf(1).toString('base64url')}"`);

    await expect(fileKeySource({ file }).load()).rejects.toEqual(
      new TypeError(
        `key file ${file}: the text must be valid JSON, because it starts with {: export the key again`,
      ),
    );
  });

  test('that others can read is rejected', async () => {
    await chmod(file, 0o644);

    await expect(fileKeySource({ file }).load()).rejects.toThrow(`chmod 600 ${file}`);
  });

  test('that does not exist is rejected with the error of the file system', async () => {
    await rm(file);

    await expect(fileKeySource({ file }).load()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('names the source, even if the working directory changes', () => {
    expect(fileKeySource({ file: 'ring.json' }).name).toBe(join(process.cwd(), 'ring.json'));
  });
});

describe('replace', () => {
  test('puts the next set in place, as a JWK Set', async () => {
    expect(await fileKeySource({ file }).replace?.(keySet(1), keySet(1, 2))).toBe(true);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(keySet(1, 2));
  });

  test('takes what was loaded from a root secret for what is there', async () => {
    await write(secretOf(4).toString('base64url'));
    const source = fileKeySource({ file });

    expect(await source.replace?.(await source.load(), keySet(5))).toBe(true);
    expect(await source.load()).toEqual(keySet(5));
  });

  test('does nothing if the file holds another set', async () => {
    expect(await fileKeySource({ file }).replace?.(keySet(2), keySet(3))).toBe(false);
    expect(await fileKeySource({ file }).load()).toEqual(keySet(1));
  });

  test('rejects a set that could not be read back', async () => {
    await expect(fileKeySource({ file }).replace?.(keySet(1), { keys: [] })).rejects.toEqual(
      new TypeError(
        'the new JWK Set: the JWK Set must have an array "keys" with at least one JWK: add a JWK',
      ),
    );
    expect(await fileKeySource({ file }).load()).toEqual(keySet(1));
  });

  test('of several in one process loses no update', async () => {
    const append = async (seed: number): Promise<void> => {
      const source = fileKeySource({ file });
      for (;;) {
        const previous = await source.load();
        if (await source.replace?.(previous, { keys: [...previous.keys, rootJwk(seed)] })) return;
      }
    };
    await Promise.all([2, 3, 4, 5].map(append));

    expect((await fileKeySource({ file }).load()).keys).toHaveLength(5);
  });
});

describe('options', () => {
  test.each([
    ['no file', {}, /^fileKeySource: file must be a path, a non-empty string/],
    ['an empty file', { file: '' }, /^fileKeySource: file must be a path, a non-empty string/],
    [
      'a group that is trusted by name',
      { file: 'ring.json', trustGroup: 'staff' },
      /^fileKeySource: trustGroup must be a boolean/,
    ],
    [
      'a misspelt option',
      { file: 'ring.json', mode: 0o644 },
      /^fileKeySource: unknown option mode; expected one of: file/,
    ],
  ])('are rejected with %s', (_what, options, message) => {
    expect(() => fileKeySource(untyped(options))).toThrow(message);
  });
});
