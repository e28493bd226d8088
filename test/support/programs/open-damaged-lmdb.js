// Opens the LMDB store that is named again and again, each time with another page of its file spoilt, and prints as JSON
// how often it was refused, and in how many of those that were opened something was missing.
import { randomFillSync } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLmdbStores } from 'passport-jwe/lmdb';

const [path, count, how] = process.argv.slice(2);
const file = join(path, 'data.mdb');
const intact = readFileSync(file);
const PAGE = 4096;
const names = Array.from({ length: Number(count) }, (_, index) => `name ${index}`);
const result = { pages: intact.length / PAGE, refused: 0, incomplete: 0 };

function isMissing({ revocations }, name) {
  try {
    return revocations.find(name) === undefined;
  } catch {
    return false;
  }
}

for (let page = 0; page < result.pages; page += 1) {
  const damaged = Buffer.from(intact);
  const spoilt = damaged.subarray(page * PAGE, (page + 1) * PAGE);
  if (how === 'zero') spoilt.fill(0);
  else randomFillSync(spoilt);
  rmSync(join(path, 'lock.mdb'), { force: true });
  writeFileSync(file, damaged);
  try {
    const stores = await openLmdbStores({ path });
    if (names.some((name) => isMissing(stores, name))) result.incomplete += 1;
    await stores.close();
  } catch {
    result.refused += 1;
  }
}
process.stdout.write(JSON.stringify(result));
