import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { startProgram } from '../support/processes.js';

const NAMES = Array.from({ length: 300 }, (_, index) => `name ${index}`);
const LATER = Date.now() / 1000 + 3600;

/** Where things stand in the file; see `src/stores/lmdb/assert-data-file.ts`. */
const PAGE = 4096;
const VERSION_OFFSET = 28;
const PAGE_SIZE_OFFSET = 48;
const ROOT_OFFSET = 136;
const TRANSACTION_OFFSET = 152;

let intact = '';
let path = '';

beforeAll(async () => {
  intact = await mkdtemp(join(tmpdir(), 'passport-jwe-intact-'));
  const { revocations, close } = await openLmdbStores({ path: intact });
  for (let from = 0; from < NAMES.length; from += 20) {
    await Promise.all(
      NAMES.slice(from, from + 20).map((name) => revocations.add({ name, expiresAt: LATER })),
    );
  }
  await close();
  await rm(join(intact, 'lock.mdb'));
});

afterAll(() => removeStore(intact));

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'passport-jwe-damaged-'));
  await cp(intact, path, { recursive: true });
  await cp(`${intact}.generation`, `${path}.generation`);
});

afterEach(() => removeStore(path));

async function removeStore(directory: string): Promise<void> {
  await rm(directory, { recursive: true });
  await rm(`${directory}.generation`);
}

async function damage(change: (file: Buffer) => Buffer): Promise<void> {
  const file = join(path, 'data.mdb');
  await writeFile(file, change(await readFile(file)));
}

/** Writes to both meta pages. */
function inMetas(change: (meta: Buffer) => void): (file: Buffer) => Buffer {
  return (file) => {
    change(file.subarray(0, PAGE));
    change(file.subarray(PAGE, 2 * PAGE));
    return file;
  };
}

describe('a damaged LMDB file', () => {
  test.each<[string, RegExp, (file: Buffer) => Buffer]>([
    [
      'cut in half',
      /is damaged \(page \d+ of the LMDB file is missing\)/,
      (file) => file.subarray(0, file.length >> 1),
    ],
    [
      'cut after the meta pages',
      /is damaged \(page \d+ of the LMDB file is missing\)/,
      (file) => file.subarray(0, 2 * PAGE),
    ],
    [
      'cut after one meta page',
      /is damaged \(page 1 of the LMDB file is missing\)/,
      (file) => file.subarray(0, PAGE),
    ],
    ['cut within the first page', /is not an LMDB file/, (file) => file.subarray(0, 100)],
    ['with a zeroed header', /is not an LMDB file/, (file) => file.fill(0, 0, PAGE)],
    ['with a zeroed second header', /is damaged \(page 1/, (file) => file.fill(0, PAGE, 2 * PAGE)],
    [
      'that lost the newest header',
      /is damaged \(page 1/,
      (file) => {
        file.writeBigUInt64LE(file.readBigUInt64LE(TRANSACTION_OFFSET) + 8n, TRANSACTION_OFFSET);
        return file;
      },
    ],
    [
      'of another version',
      /is not an LMDB file of this version/,
      inMetas((meta) => void meta.writeUInt32LE(1, VERSION_OFFSET)),
    ],
    [
      'with pages of no size',
      /is not an LMDB file/,
      inMetas((meta) => void meta.writeUInt32LE(0, PAGE_SIZE_OFFSET)),
    ],
    [
      'with pages of another size',
      /is damaged/,
      inMetas((meta) => void meta.writeUInt32LE(2 * PAGE, PAGE_SIZE_OFFSET)),
    ],
    [
      'whose root is nowhere',
      /is damaged \(page 99999 of the LMDB file is missing\)/,
      inMetas((meta) => void meta.writeBigUInt64LE(99_999n, ROOT_OFFSET)),
    ],
    [
      'whose root is another page',
      /is damaged \(page/,
      inMetas((meta) => void meta.writeBigUInt64LE(3n, ROOT_OFFSET)),
    ],
    [
      'that is an SQLite database',
      /is not an LMDB file/,
      () => Buffer.from('SQLite format 3\0'.padEnd(8192, '\0')),
    ],
  ])('%s is rejected at the opening, with its path and the remedy', async (_name, message, change) => {
    await damage(change);
    const opening = openLmdbStores({ path });

    await expect(opening).rejects.toThrow(
      `The store ${path} cannot be opened: ${join(path, 'data.mdb')} is `,
    );
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toThrow(/replace it with a backup, or remove it/);
  });

  test.each(['zero', 'random'])(
    'is rejected for any overwritten page, without a crash: %s bytes',
    async (how) => {
      const args = [path, String(NAMES.length), how];
      const { ended, output } = startProgram('test/support/programs/open-damaged-lmdb.js', {}, { args });

      expect(await ended).toBe(0);
      const { pages, refused, incomplete } = JSON.parse(output());
      expect(incomplete).toBe(0);
      expect(refused).toBeGreaterThan(pages / 4);
    },
  );

  test('causes a 503 for an unreadable value, and answers for other values', async () => {
    await damage((file) => {
      for (let at = file.indexOf('name 7{'); at !== -1; at = file.indexOf('name 7{', at + 1))
        file.fill('!', at + 7, at + 12);
      return file;
    });
    const { revocations, close } = await openLmdbStores({ path });

    expect(() => revocations.find('name 7')).toThrow(expect.objectContaining({ status: 503 }));
    expect(revocations.find('name 8')).toBeDefined();
    await close();
  });

  test('can be removed: a new store starts, which rejects older tokens', async () => {
    await rm(join(path, 'data.mdb'));
    const { revocations, close } = await openLmdbStores({ path });

    expect(revocations.size).toBe(0);
    expect(revocations.completeSince()).toBeGreaterThan(Date.now() / 1000 - 5);
    await close();
  });
});

test('an intact LMDB file is opened, with all its data', async () => {
  const { revocations, close } = await openLmdbStores({ path });

  expect(NAMES.filter((name) => revocations.find(name) === undefined)).toEqual([]);
  await close();
});
