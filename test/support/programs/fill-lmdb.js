// Revokes on the LMDB store that is named, some at once, until it was refused so often; prints as JSON what became of it.
import { openLmdbStores } from 'passport-jwe/lmdb';

const [path, refusals] = process.argv.slice(2);
const { revocations, close } = await openLmdbStores({ path });
const expiresAt = Date.now() / 1000 + 3600;
const acknowledged = [];
const refused = [];
let serial = 0;

async function revoke() {
  serial += 1;
  const name = `filling ${serial}`;
  try {
    await revocations.add({ name, expiresAt });
    acknowledged.push(name);
  } catch (refusal) {
    refused.push(refusal);
  }
}

while (refused.length < Number(refusals)) await Promise.all(Array.from({ length: 50 }, revoke));
const lost = acknowledged.filter((name) => revocations.find(name) === undefined).length;
const statuses = [...new Set(refused.map(({ status }) => status))];
await close();
process.stdout.write(JSON.stringify({ acknowledged: acknowledged.length, lost, statuses }));
