// Appends keys to the file that is named, by compare-and-swap with retry, and prints each kid once it is acknowledged.
import { randomBytes } from 'node:crypto';
import { fileKeySource } from 'passport-jwe';

const [file, name, count] = process.argv.slice(2);
const source = fileKeySource({ file });

for (let serial = 1; serial <= Number(count); serial += 1) {
  const kid = `${name}-${serial}`;
  const jwk = { kty: 'oct', kid, key_ops: ['deriveKey'], k: randomBytes(32).toString('base64url') };
  for (;;) {
    const previous = await source.load();
    if (await source.replace(previous, { keys: [...previous.keys, jwk] })) break;
  }
  process.stdout.write(`${kid}\n`);
}
