// Appends records to an audit file until it is killed. Prints one line once a quarter of the first records is written.
import { openAuditFile } from 'passport-jwe/audit';

const [path = '', durable = ''] = process.argv.slice(2);
const file = await openAuditFile({ path, key: Buffer.alloc(32, 7), durable: durable === 'durable' });
const time = '2030-01-01T00:00:00Z';

for (let round = 0; ; round += 1) {
  const kids = Array.from({ length: 2000 }, (_, number) => `${round}-${number}-${'x'.repeat(900)}`);
  const written = kids.map((kid) => file.write({ type: 'key_ring.retired', kid, time }));
  if (round === 0) void written[500].then(() => process.stdout.write('writing\n'));
  await Promise.all(written);
}
