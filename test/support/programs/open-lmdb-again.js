// Opens and closes the LMDB environment that is named, as often as is said: as this package does, or as anybody might.
import { open } from 'lmdb';
import { openLmdbStores } from 'passport-jwe/lmdb';

const [path, times, how] = process.argv.slice(2);

for (let opened = 0; opened < Number(times); opened += 1) {
  const environment =
    how === 'stores'
      ? await openLmdbStores({ path })
      : open({ path, noSubdir: false, overlappingSync: false });
  await environment.close();
}
