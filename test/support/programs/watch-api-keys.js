// Watches a directory of API keys and prints their names whenever they change; any input closes it.
import { watchApiKeys } from 'passport-jwe';

const [directory, sighup] = process.argv.slice(2);
const apiKeys = await watchApiKeys({
  directory,
  sighup: sighup !== 'off',
  debounceMs: 60_000,
  reloadSeconds: 86_400,
});
const print = () => process.stdout.write(`${apiKeys.apiKeys.map(({ keyId }) => keyId).join()}\n`);
apiKeys.onChange(print);
print();
if (sighup !== 'alone') {
  process.stdin.on('data', () => {
    apiKeys.close();
    process.stdout.write('closed\n');
  });
}
