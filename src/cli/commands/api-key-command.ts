import { Command } from 'commander';
import { formatProblem } from '../../api-keys/configuration-error.js';
import type { CommandIo } from '../command-io.js';
import { formatTime, printList, printResult } from '../print-result.js';
import { apiKeysOption, jsonOption, openApiKeys, UsageError } from '../settings.js';
import { apiKeyCreateCommand, digestOf } from './api-key-create-command.js';

interface DirectoryOptions {
  readonly apiKeys: string;
  readonly json?: true;
}

/** Create the `api-key` command, which generates, hashes, lists and validates API keys. */
export function apiKeyCommand(io: CommandIo): Command {
  const command = new Command('api-key').description('create, list and check API keys');
  command.addCommand(apiKeyCreateCommand(io));

  command
    .command('hash')
    .description('print the digest of an API key from standard input, for the field api_key')
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
    .argument('[directory]', 'directory of the API key files (default: --api-keys)')
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
