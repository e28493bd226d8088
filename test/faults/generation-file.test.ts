import { cp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { describeWithDisks, mountSmallDisk, type SmallDisk } from '../support/small-disk.js';
import { clock, NOW } from '../support/tokens.js';

let disk: SmallDisk;

beforeEach(() => {
  disk = mountSmallDisk(16_384);
});

afterEach(() => disk.dispose());

async function revoke(path: string, generationFile?: string): Promise<void> {
  const place = generationFile === undefined ? {} : { generationFile };
  const { revocations, close } = await openLmdbStores({ path, ...place, clock });
  await revocations.add({ name: 'a', expiresAt: NOW + 600 });
  await close();
}

describeWithDisks('the generation file of an LMDB store', () => {
  test('is inside a directory that is a mount point, so that a new container finds it', async () => {
    await revoke(disk.path);

    expect(await readdir(disk.path)).toContain('generation');
    await expect(stat(`${disk.path}.generation`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('detects there that only the data file was restored', async () => {
    await revoke(disk.path);
    const backup = join(disk.path, 'backup.mdb');
    await cp(join(disk.path, 'data.mdb'), backup);
    await revoke(disk.path);
    await cp(backup, join(disk.path, 'data.mdb'));
    await rm(join(disk.path, 'lock.mdb'));

    await expect(openLmdbStores({ path: disk.path, clock })).rejects.toMatchObject({
      code: 'ERR_STORE_RESTORED',
    });
  });

  test('is updated on a full disk, and the store opens again', async () => {
    const path = join(disk.path, 'store');
    await revoke(path);
    await disk.fill();
    const { revocations, close } = await openLmdbStores({ path, clock });
    const found = revocations.find('a');
    await close();

    expect(found).toBeDefined();
  });

  test('causes an error with the remedy if it cannot be created', async () => {
    disk.makeReadOnly();
    const path = join('/tmp', `passport-jwe-generation-${process.pid}`);

    await expect(revoke(path, join(disk.path, 'mark'))).rejects.toThrow(
      /cannot be opened: EROFS: use a path/,
    );
    await rm(path, { recursive: true });
  });
});
