import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { digestSecret } from '../../api-keys/api-key-registry.js';
import { formatProblem } from '../../api-keys/configuration-error.js';
import { generateApiKey } from '../../api-keys/generate-api-key.js';
import { validateApiKey } from '../../api-keys/validate-api-key.js';
import { createFile } from '../../base/write-file.js';
import { API_KEY_TYPES } from '../../token/claims/claims-set.js';
import type { CommandIo } from '../command-io.js';
import { formatTime, printList, printResult } from '../print-result.js';
import { apiKeysOption, jsonOption, openApiKeys, UsageError } from '../settings.js';

interface DirectoryOptions {
  readonly apiKeys: string;
  readonly json?: true;
}

interface CreateOptions extends DirectoryOptions {
  readonly name?: string;
  readonly type: string;
  readonly permissions?: readonly string[];
  readonly prefix?: string;
  readonly environment?: string;
  readonly expires?: string;
  readonly out?: string;
  readonly show?: true;
}

/** Create the `api-key` command, which generates, hashes, lists and validates API keys. */
export function apiKeyCommand(io: CommandIo): Command {
  const command = new Command('api-key').description('create, list and check API keys');
  command.addCommand(createCommand(io));

  command
    .command('hash')
    .description('read an API key from standard input, and print the digest for the field api_key')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ passport-jwe api-key hash < key.txt')
    .action(async ({ json }: { readonly json?: true }) => {
      const secret = (await io.readInput()).trim();
      if (secret === '')
        throw new UsageError('The API key is missing: pass it on standard input, for example with < key.txt');
      const digest = digestOf(secret);
      printResult(io, { api_key: digest }, { isJson: json === true, text: digest });
    });

  command
    .command('list')
    .description('list the API keys in a directory, without secrets')
    .addOption(apiKeysOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ passport-jwe api-key list --api-keys api-keys')
    .action(async ({ apiKeys: directory, json }: DirectoryOptions) => {
      const { apiKeys } = await openApiKeys(io, directory);
      const rows = apiKeys.map(({ keyId, name, type, active, expiresAt, permissions }) => ({
        key_id: keyId,
        name,
        type,
        active,
        expires: formatTime(expiresAt),
        permissions: permissions.join(' '),
      }));
      printList(io, rows, json === true);
    });

  command
    .command('check')
    .argument('[directory]', 'directory of the API keys (default: --api-keys)')
    .description(
      'validate the API key files in a directory; print errors as file:line:column path: message, with exit code 1',
    )
    .addOption(apiKeysOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ passport-jwe api-key check api-keys')
    .action(async (argument: string | undefined, { apiKeys: directory, json }: DirectoryOptions) => {
      const { apiKeys, warnings } = await openApiKeys(io, argument ?? directory);
      const text = apiKeys.length === 1 ? '1 API key, no errors.' : `${apiKeys.length} API keys, no errors.`;
      for (const warning of warnings) io.note(`warning: ${formatProblem(warning)}`);
      const keyIds = apiKeys.map(({ keyId }) => keyId);
      const result = { valid: true, key_ids: keyIds, warnings: warnings.map((warning) => ({ ...warning })) };
      printResult(io, result, { isJson: json === true, text });
    });

  return command;
}

function createCommand(io: CommandIo): Command {
  return new Command('create')
    .argument('<key_id>', 'public ID of the API key')
    .description('generate an API key, and write an API key file that contains only the digest')
    .option('--name <text>', 'display name (default: the key_id)')
    .addOption(
      new Option('--type <type>', 'type of the API key').choices([...API_KEY_TYPES]).default('api_call'),
    )
    .option('--permissions <scope...>', 'scopes that the API key can request')
    .option('--expires <time>', 'expiry, for example 2030-12-31T23:59:59Z')
    .option('--prefix <text>', 'prefix of the API key')
    .option('--environment <text>', 'environment, the second part of the API key')
    .addOption(new Option('--out <file>', 'write the API key to this file, with mode 0600').conflicts('show'))
    .option('--show', 'print the API key')
    .addOption(apiKeysOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ passport-jwe api-key create mobile-app --permissions read:documents --show',
    )
    .action(async (keyId: string, options: CreateOptions) => {
      if (options.out === undefined && options.show !== true) {
        throw new UsageError(
          'The output of the new key is missing: pass --show to print it, or --out FILE to write it to a file',
        );
      }
      const { prefix, environment } = options;
      const secret = generateApiKey({
        ...(prefix === undefined ? {} : { prefix }),
        ...(environment === undefined ? {} : { environment }),
      });
      const file = join(options.apiKeys, `${keyId}.yaml`);
      await createFile(resolve(io.directory, file), describeKey(keyId, secret, options), 0o644);
      if (options.out !== undefined)
        await createFile(resolve(io.directory, options.out), `${secret}\n`, 0o600);
      const shown = options.show === true ? { api_key: secret } : {};
      const text = options.show === true ? secret : `Wrote ${file}. The key is in ${options.out}.`;
      printResult(io, { key_id: keyId, file, ...shown }, { isJson: options.json === true, text });
    });
}

/**
 * Return the YAML file of an API key, which contains the digest of the secret.
 *
 * @throws UsageError if a field is invalid.
 */
export function describeKey(
  keyId: string,
  secret: string,
  { name = keyId, type, permissions = [], expires }: Omit<CreateOptions, 'apiKeys'>,
): string {
  const fields = {
    api_key: digestOf(secret),
    key_id: keyId,
    name,
    type,
    ...(expires === undefined ? {} : { expires_at: expires }),
    rate_limits: {},
    permissions,
  };
  const validation = validateApiKey(fields, []);
  if (!validation.ok) {
    throw new UsageError(
      validation.faults.map(({ path, message }) => `${path.join('.')} ${message}`).join('\n'),
    );
  }
  const lines = Object.entries(fields).map(([field, value]) => `${field}: ${JSON.stringify(value)}`);
  return `${lines.join('\n')}\n`;
}

function digestOf(secret: string): string {
  return `sha256:${digestSecret(secret).toString('hex')}`;
}
