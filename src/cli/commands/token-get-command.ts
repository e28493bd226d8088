import { Command, Option } from 'commander';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { messageOf } from '../../base/message-of.js';
import { nameOfFailure } from '../../base/name-of-failure.js';
import { findTokenEndpoint } from '../../client/find-token-endpoint.js';
import { requestToken } from '../../client/request-token.js';
import type { CommandIo } from '../command-io.js';
import { parseSeconds } from '../parse-number.js';
import { parseServiceUrl } from '../parse-service-url.js';
import { printResult } from '../print-result.js';
import { jsonOption, readSecretText, UsageError } from '../settings.js';
import { obtainToken } from '../tokens/obtain-token.js';
import {
  type CachedToken,
  openTokenCacheFile,
  type TokenCacheFile,
} from '../tokens/open-token-cache-file.js';

interface GetOptions {
  readonly url: URL;
  readonly client: string;
  readonly secretFile?: string;
  readonly scope?: string;
  readonly audience?: string;
  readonly minValidity: number;
  readonly cache: boolean;
  readonly json?: true;
}

/** Thirty seconds more than the interval at which Claude Code and Codex run their helper commands by default. */
const MIN_VALIDITY_SECONDS = 330;

const HELP = `
Use this command as the helper command of an AI client: it prints only the token and asks no questions. It reads the API
key from --secret-file or from the variable API_KEY. For tokens that are bound to a key (DPoP), use token request.

The cache is $XDG_CACHE_HOME/passport-jwe or ~/.cache/passport-jwe. During an outage of the token endpoint, the command
prints the cached token until it expires. A second call within 30 seconds requests a new token, at most once a minute,
because AI clients repeat the command after a 401.

Example:
  $ passport-jwe token get --url https://gateway.example.com --client demo --secret-file ~/.config/gateway-api-key`;

/** Create the `token get` command, which prints a token from the cache or from a token endpoint. */
export function tokenGetCommand(io: CommandIo): Command {
  return new Command('get')
    .description('print the cached access token, or request a new one if it is missing or expires soon')
    .addOption(
      new Option(
        '--url <url>',
        'token endpoint with a path that ends in /token, or issuer or gateway to discover it',
      )
        .argParser(parseServiceUrl)
        .makeOptionMandatory(),
    )
    .requiredOption('--client <key_id>', 'API key')
    .addOption(
      new Option('--secret-file <file>', 'file with the API key, with mode 0600').env('API_KEY_FILE'),
    )
    .option('--scope <scope>', 'scope tokens, separated by spaces (default: all permissions of the API key)')
    .option('--audience <name>', 'audience of the token (default: that of the token endpoint)')
    .addOption(
      new Option('--min-validity <seconds>', 'minimum remaining lifetime of a cached token')
        .argParser(parseSeconds)
        .default(MIN_VALIDITY_SECONDS),
    )
    .option('--no-cache', 'request a new token and do not cache it')
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action(async (options: GetOptions) => {
      const secret = await readSecret(io, options.secretFile);
      const { token, tokenType, expiresAt } = await obtainToken(io, {
        cache: options.cache ? await openCache(io, options, secret) : undefined,
        minValiditySeconds: options.minValidity,
        request: (signal) => request(io, options, secret, signal),
      }).catch((failure: unknown) => {
        throw failure instanceof TemporarilyUnavailableError ? describeOutage(options, failure) : failure;
      });
      const lifetime = Math.max(0, Math.floor(expiresAt - io.clock()));
      const result = { access_token: token, token_type: tokenType, expires_in: lifetime };
      printResult(io, result, { isJson: options.json === true, text: token });
    });
}

/** @throws UsageError (as rejection) if the API key is missing. Standard input may belong to the AI client. */
async function readSecret(io: CommandIo, file: string | undefined): Promise<string> {
  const missing = 'The API key is missing: pass --secret-file FILE, or set the variable API_KEY';
  if (file !== undefined) return readSecretText(io, file, missing);
  const secret = (process.env['API_KEY'] ?? '').trim();
  if (secret === '') throw new UsageError(missing);
  return secret;
}

/** Open the cache. A token without a cache is better than none: failures are warnings. */
function openCache(io: CommandIo, options: GetOptions, secret: string): Promise<TokenCacheFile | undefined> {
  const { url, client, scope, audience } = options;
  return openTokenCacheFile(io, { url: url.href, client, scope, audience }, secret).catch(
    (failure: unknown) => {
      io.note(`warning: the cache is not used: ${messageOf(failure)}`);
      return undefined;
    },
  );
}

/** Create an error for standard error, which AI clients show. Name the code of a connection error. */
function describeOutage({ url }: GetOptions, { cause }: TemporarilyUnavailableError): Error {
  const inner = typeof cause === 'object' && cause !== null && 'cause' in cause ? cause.cause : undefined;
  const code = nameOfFailure(inner);
  const reason = inner === undefined ? messageOf(cause) : code === 'Error' ? messageOf(inner) : code;
  return new Error(
    `The token endpoint of ${url.host} is unavailable, and no valid token is cached: ${reason}`,
  );
}

async function request(
  io: CommandIo,
  { url, client, scope, audience }: GetOptions,
  secret: string,
  signal: AbortSignal,
): Promise<CachedToken> {
  const endpoint = await findTokenEndpoint(url, signal);
  const send: typeof fetch = (input, init) => fetch(input, { ...init, signal });
  const terms = { tokenEndpoint: endpoint.href, clientId: client, clientSecret: secret, fetch: send };
  const requestedAt = io.clock();
  const { token, tokenType, lifetimeSeconds } = await requestToken(
    endpoint,
    { ...terms, audience, ...(scope === undefined ? {} : { scope }) },
    io.clock,
  );
  return { token, tokenType, requestedAt, receivedAt: io.clock(), expiresAt: requestedAt + lifetimeSeconds };
}
