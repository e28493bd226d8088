import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { digestSecret } from '../../api-keys/api-key-registry.js';
import { generateApiKey } from '../../api-keys/generate-api-key.js';
import { validateApiKey } from '../../api-keys/validate-api-key.js';
import type { JsonObject } from '../../base/json.js';
import { createFile } from '../../base/write-file.js';
import { generateSigningJwk } from '../../keys/generate-signing-jwk.js';
import type { JwkSet } from '../../keys/jwk.js';
import { API_KEY_TYPES } from '../../token/claims/token-type-names.js';
import type { CommandIo } from '../command-io.js';
import { printResult } from '../print-result.js';
import { apiKeysOption, jsonOption, UsageError } from '../settings.js';

interface CreateOptions {
  readonly apiKeys: string;
  readonly json?: true;
  readonly name?: string;
  readonly type: string;
  readonly permissions?: readonly string[];
  readonly keyPair?: true;
  readonly requireDpop?: true;
  readonly prefix?: string;
  readonly environment?: string;
  readonly expires?: string;
  readonly out?: string;
  readonly show?: true;
}

/** Create the `api-key create` command, which generates an API key or a key pair, and writes the API key file. */
export function apiKeyCreateCommand(io: CommandIo): Command {
  return new Command('create')
    .argument('<key_id>', 'public ID of the API key')
    .description('generate an API key, and write its file, which contains only the digest or the public key')
    .option('--name <text>', 'display name (default: the key_id)')
    .addOption(
      new Option('--type <type>', 'type of the API key').choices([...API_KEY_TYPES]).default('api_call'),
    )
    .option('--permissions <scope...>', 'scopes that the API key can request, separated by spaces')
    .option('--expires <time>', 'expiry, for example 2030-12-31T23:59:59Z')
    .addOption(
      new Option(
        '--key-pair',
        'generate a key pair for private_key_jwt instead of a secret; the output is the private JWK',
      ).conflicts(['prefix', 'environment']),
    )
    .option('--require-dpop', 'reject token requests without a DPoP proof')
    .option('--prefix <text>', 'prefix of the API key')
    .option('--environment <text>', 'environment, the second part of the API key')
    .addOption(
      new Option(
        '--out <file>',
        'write the API key or the private JWK to this file, with mode 0600',
      ).conflicts('show'),
    )
    .option('--show', 'print the API key or the private JWK')
    .addOption(apiKeysOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ passport-jwe api-key create mobile-app --permissions read:documents --show\n  $ passport-jwe api-key create billing --key-pair --out billing.jwk',
    )
    .action((keyId: string, options: CreateOptions) => create(io, keyId, options));
}

async function create(io: CommandIo, keyId: string, options: CreateOptions): Promise<void> {
  if (options.out === undefined && options.show !== true) {
    throw new UsageError(
      'The output is missing: pass --show to print the key, or --out FILE to write it to a file',
    );
  }
  // RFC 6749 §3.3 allows commas in scope tokens, so API key files do too.
  if (options.permissions?.some((scope) => scope.includes(','))) {
    throw new UsageError(
      '--permissions contains a comma: separate scopes with spaces, for example --permissions read write',
    );
  }
  const { fields, secret, result } = options.keyPair === true ? generatePair() : generateSecret(options);
  const file = join(options.apiKeys, `${keyId}.yaml`);
  await createFile(resolve(io.directory, file), describeKey(keyId, fields, options), 0o644);
  if (options.out !== undefined) await createFile(resolve(io.directory, options.out), `${secret}\n`, 0o600);
  const shown = options.show === true ? result : {};
  const text =
    options.show === true
      ? secret
      : `Wrote ${file}. The key is in ${options.out}. Keep this file out of version control.`;
  printResult(io, { key_id: keyId, file, ...shown }, { isJson: options.json === true, text });
}

/** Fields of an API key file that authenticate the client. */
type Credentials = { readonly api_key: string } | { readonly jwks: JwkSet };

/** What the client receives, and what the file contains of it. */
interface Generated {
  readonly fields: Credentials;
  /** The API key, or the private JWK in JSON. */
  readonly secret: string;
  /** Members of the result with the option `--json`. */
  readonly result: JsonObject;
}

function generateSecret({ prefix, environment }: CreateOptions): Generated {
  const secret = generateApiKey({
    ...(prefix === undefined ? {} : { prefix }),
    ...(environment === undefined ? {} : { environment }),
  });
  return { fields: { api_key: digestOf(secret) }, secret, result: { api_key: secret } };
}

function generatePair(): Generated {
  const { privateJwk, publicJwk } = generateSigningJwk();
  const secret = JSON.stringify(privateJwk);
  return { fields: { jwks: { keys: [publicJwk] } }, secret, result: { private_jwk: JSON.parse(secret) } };
}

/**
 * Return the YAML file of an API key, which contains the digest of the secret or the public key.
 *
 * @throws UsageError if a field is invalid.
 */
export function describeKey(
  keyId: string,
  credentials: Credentials,
  { name = keyId, type, permissions = [], expires, requireDpop }: Omit<CreateOptions, 'apiKeys'>,
): string {
  const fields = {
    ...credentials,
    key_id: keyId,
    name,
    type,
    ...(expires === undefined ? {} : { expires_at: expires }),
    rate_limits: {},
    permissions,
    ...(requireDpop === true ? { dpop: 'required' } : {}),
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

/** Return the SHA-256 digest of an API key, as the field `api_key` contains it. */
export function digestOf(secret: string): string {
  return `sha256:${digestSecret(secret).toString('hex')}`;
}
