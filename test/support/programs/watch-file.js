// Loads a key file and watches it, without anything else to do: it ends by itself.
import { fileKeySource } from 'passport-jwe';

const [file] = process.argv.slice(2);
const source = fileKeySource({ file });
await source.load();
source.watch(() => process.stdout.write('changed\n'));
process.stdout.write('watching\n');
