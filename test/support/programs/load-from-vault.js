// Loads a key set from the Vault that is named, prints its kids, and ends without closing anything.
import { vaultKeySource } from 'passport-jwe/vault';

const [url, roleId, secretId] = process.argv.slice(2);
const source = vaultKeySource({ url, path: 'jwe', auth: { roleId, secretId } });
const { keys } = await source.load();
process.stdout.write(`${keys.map(({ kid }) => kid).join(' ')}\n`);
