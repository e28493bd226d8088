import { Command } from 'commander';
import { clientCredentialsGrant } from '../../issue/grants/client-credentials-grant.js';
import { createTokenIssuer } from '../../issue/token-issuer.js';
import { listAudiences } from '../../issue/track-audiences.js';
import type { KeyRing } from '../../keys/key-ring.js';
import { internalsOf } from '../../keys/key-ring-internals.js';
import { createRevocations } from '../../revocation/revocations.js';
import { createTokenVerifier } from '../../verify/token-verifier.js';
import type { CommandIo } from '../command-io.js';
import { printResult } from '../print-result.js';
import {
  apiKeysOption,
  audienceOption,
  checkedApiKeysOption,
  environmentOption,
  generationFileOption,
  issuerOption,
  jsonOption,
  type KeyOptions,
  keysOption,
  openApiKeys,
  openKeys,
  readToken,
  redisOption,
  type StoreOptions,
  storeOption,
  UsageError,
  withStores,
} from '../settings.js';
import { tokenGetCommand } from './token-get-command.js';
import { tokenInspectCommand } from './token-inspect-command.js';
import { tokenRequestCommand } from './token-request-command.js';
import { tokenRevokeCommand } from './token-revoke-command.js';

interface ServiceOptions extends KeyOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly json?: true;
}

interface IssueOptions extends ServiceOptions {
  readonly apiKeys: string;
  readonly client: string;
  readonly scope?: string;
  readonly user?: string;
}

interface VerifyOptions extends ServiceOptions, StoreOptions {
  readonly apiKeys?: string;
}

/** Create the `token` command, which issues, obtains, inspects, verifies and revokes tokens. */
export function tokenCommand(io: CommandIo): Command {
  const command = new Command('token').description('issue, request, inspect, verify and revoke tokens');
  command.addCommand(issueCommand(io));
  command.addCommand(tokenGetCommand(io));
  command.addCommand(tokenRequestCommand(io));
  command.addCommand(tokenInspectCommand(io));
  command.addCommand(verifyCommand(io));
  command.addCommand(tokenRevokeCommand(io));
  return command;
}

function issueCommand(io: CommandIo): Command {
  return new Command('issue')
    .description('issue an access token for a configured API key, without its secret')
    .requiredOption('--client <key_id>', 'API key')
    .option('--scope <scope>', 'scope tokens, separated by spaces (default: all permissions of the API key)')
    .option('--user <name>', 'subject of the token, not verified; requires users: true in the API key file')
    .addOption(apiKeysOption())
    .addOption(keysOption())
    .addOption(environmentOption())
    .addOption(issuerOption())
    .addOption(audienceOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ passport-jwe token issue --client demo --scope read:documents')
    .action(async (options: IssueOptions) => {
      const { issuer, audience, client, scope, user } = options;
      const apiKeys = await openApiKeys(io, options.apiKeys);
      const apiKey = apiKeys.get(client);
      if (apiKey === undefined)
        throw new UsageError(
          `No API key in ${options.apiKeys} has this key_id: correct --client or --api-keys`,
        );
      if (apiKey.dpop === 'required')
        throw new UsageError(
          'The tokens of this API key are bound to a key: use passport-jwe token request with --dpop-key',
        );
      if (user !== undefined && typeof apiKey.users === 'object')
        throw new UsageError(
          'A directory verifies the users of this API key: use passport-jwe token request',
        );
      const keyRing = await openKeys(io, options);
      const tokens = createTokenIssuer({ keyRing, issuer, clock: io.clock });
      const parameters = new Map<string, string>();
      if (scope !== undefined) parameters.set('scope', scope);
      if (user !== undefined) parameters.set('user', user);
      if (apiKey.audiences.length > 0) parameters.set('audience', audience);
      const answer = await clientCredentialsGrant().handle({
        tokens,
        apiKey,
        isPublic: false,
        apiKeys,
        parameters,
        defaultAudience: audience,
        origin: {},
        requestedAt: io.clock(),
        clock: io.clock,
      });
      printResult(io, { ...answer }, { isJson: options.json === true, text: answer.access_token });
    });
}

function verifyCommand(io: CommandIo): Command {
  return new Command('verify')
    .argument('[token]', 'the token (default: -, read from standard input)')
    .description(
      'verify a token as an API does; if it is rejected, print reason, cause and fix, with exit code 1',
    )
    .addOption(keysOption())
    .addOption(environmentOption())
    .addOption(issuerOption())
    .addOption(audienceOption())
    .addOption(checkedApiKeysOption())
    .addOption(storeOption())
    .addOption(generationFileOption())
    .addOption(redisOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ pbpaste | passport-jwe token verify --issuer https://auth.example.com --audience https://api.example.com',
    )
    .action(async (argument: string | undefined, options: VerifyOptions) => {
      const token = await readToken(io, argument);
      const { issuer, audience } = options;
      const keyRing = await openKeys(io, options);
      const apiKeys = options.apiKeys === undefined ? undefined : await openApiKeys(io, options.apiKeys);
      prepareKeys(keyRing, [audience, ...listAudiences(apiKeys ?? { apiKeys: [] })]);
      const service = { keyRing, issuer, audience, clock: io.clock, ...(apiKeys && { apiKeys }) };
      const hasStore = options.store !== undefined || options.redis !== undefined;
      const verified = hasStore
        ? await withStores(io, options, (stores) =>
            createTokenVerifier({
              ...service,
              revocations: createRevocations({ stores, clock: io.clock }),
            }).verify(token),
          )
        : await createTokenVerifier(service).verify(token);
      const { type, claims } = verified;
      const text = `valid: ${type}\n${JSON.stringify(claims, null, 2)}`;
      printResult(
        io,
        { valid: true, type, claims: JSON.parse(JSON.stringify(claims)) },
        { isJson: options.json === true, text },
      );
      if (!hasStore) io.note('Revocation was not checked: pass --store or --redis to check it.');
      if (apiKeys === undefined) io.note('The API key was not checked: pass --api-keys to check it.');
    });
}

/** With the keys of other audiences, the reason for their tokens is `wrong_audience`. They are rejected all the same. */
function prepareKeys(keyRing: KeyRing, audiences: readonly string[]): void {
  for (const audience of audiences) internalsOf(keyRing).prepare('access', audience);
}
