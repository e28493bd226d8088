import { Command } from 'commander';
import { isJsonObject, type JsonObject } from '../../claims/json.js';
import type { VerifiedToken } from '../../claims/verified-token.js';
import { InvalidTokenError } from '../../errors.js';
import { clientCredentials } from '../../grants/client-credentials.js';
import { decryptToken } from '../../jwe/decrypt-token.js';
import { nameOf, type Revocable } from '../../revocation/revocable.js';
import { createRevocations } from '../../revocation/revocations.js';
import { createTokenService } from '../../token-service.js';
import {
  createProvenTokenVerifier,
  createTokenVerifier,
  type TokenVerifierOptions,
} from '../../token-verifier.js';
import type { CommandIo } from '../command-io.js';
import { printResult } from '../print-result.js';
import {
  apiKeysOption,
  audienceOption,
  environmentOption,
  issuerOption,
  jsonOption,
  type KeyOptions,
  keysOption,
  OPERATOR_HORIZON_SECONDS,
  openKeys,
  readApiKeys,
  readToken,
  redisOption,
  type StoreOptions,
  storeOption,
  UsageError,
  withStores,
} from '../settings.js';

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

interface RevokeOptions extends StoreOptions {
  readonly keys?: string;
  readonly environment: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly json?: true;
  readonly client?: string;
  readonly user?: string;
  readonly session?: string;
  readonly kid?: string;
}

const MAX_TOKEN_LENGTH = 8192;

/** `token issue | inspect | verify | revoke`. */
export function tokenCommand(io: CommandIo): Command {
  const command = new Command('token').description('issue, look into, verify and revoke tokens');
  command.addCommand(issueCommand(io));
  command.addCommand(inspectCommand(io));
  command.addCommand(verifyCommand(io));
  command.addCommand(revokeCommand(io));
  return command;
}

function issueCommand(io: CommandIo): Command {
  return new Command('issue')
    .description('print an access token of a configured API key; its secret is not needed here')
    .requiredOption('--client <key_id>', 'API key')
    .option('--scope <scope>', 'scope, separated by spaces; left out: all that the key may have')
    .option('--user <name>', 'user whom the token speaks for, where the key may assert one')
    .addOption(apiKeysOption())
    .addOption(keysOption())
    .addOption(environmentOption())
    .addOption(issuerOption())
    .addOption(audienceOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ passport-jwe token issue --client demo --scope read:documents')
    .action(async (options: IssueOptions) => {
      const { issuer, audience, client, scope, user } = options;
      const apiKeys = await readApiKeys(io, options.apiKeys);
      const apiKey = apiKeys.get(client);
      if (apiKey === undefined) throw new UsageError('No API key of that key_id is configured');
      const keyRing = await openKeys(io, options);
      const audiences = [...new Set([audience, ...apiKey.audiences])];
      const tokens = createTokenService({ keyRing, issuer, audience: audiences, clock: io.clock });
      const parameters = new Map<string, string>();
      if (scope !== undefined) parameters.set('scope', scope);
      if (user !== undefined) parameters.set('user', user);
      if (apiKey.audiences.length > 0) parameters.set('audience', audience);
      const answer = await clientCredentials().handle({
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

function inspectCommand(io: CommandIo): Command {
  return new Command('inspect')
    .argument('[token]', 'the token; - or nothing: it is read from standard input')
    .description(
      'print the header that anyone can read and, with --keys and --audience, the claims; verifies nothing',
    )
    .option('--keys <file>', 'key file that opens it')
    .option('--audience <name>', 'audience that its key was derived for')
    .addOption(environmentOption())
    .action(
      async (argument: string | undefined, options: Partial<KeyOptions> & { readonly audience?: string }) => {
        const token = await readToken(io, argument);
        const { keys, audience, environment = 'production' } = options;
        const claims =
          keys === undefined ? {} : { claims: await openClaims(io, token, { keys, environment, audience }) };
        io.print(JSON.stringify({ header: readHeader(token), ...claims }, null, 2));
      },
    );
}

async function openClaims(
  io: CommandIo,
  token: string,
  { audience, ...options }: KeyOptions & { readonly audience: string | undefined },
): Promise<JsonObject> {
  if (audience === undefined) throw new UsageError('Keys are derived for an audience: give --audience too');
  const keyRing = await openKeys(io, options);
  keyRing.prepare('access', audience);
  return (await decryptToken(token, { keyRing, maxTokenLength: MAX_TOKEN_LENGTH }, io.clock())).claims;
}

function readHeader(token: string): JsonObject {
  const text = Buffer.from(token.split('.', 1).join(''), 'base64url').toString('utf8');
  try {
    const header: unknown = JSON.parse(text);
    if (isJsonObject(header)) return header;
  } catch {
    // The parser's message would quote what may be a secret in the wrong place.
  }
  throw new UsageError('This is no JWE in compact serialization: its header is no JSON object');
}

function verifyCommand(io: CommandIo): Command {
  return new Command('verify')
    .argument('[token]', 'the token; - or nothing: it is read from standard input')
    .description('verify a token as an API would; exit code 1 where it is refused')
    .addOption(keysOption())
    .addOption(environmentOption())
    .addOption(issuerOption())
    .addOption(audienceOption())
    .addOption(storeOption())
    .addOption(redisOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ pbpaste | passport-jwe token verify --issuer https://auth.example.com --audience https://api.example.com',
    )
    .action(async (argument: string | undefined, options: ServiceOptions & StoreOptions) => {
      const token = await readToken(io, argument);
      const { issuer, audience } = options;
      const service = { keyRing: await openKeys(io, options), issuer, audience, clock: io.clock };
      const hasStore = options.store !== undefined || options.redis !== undefined;
      const verified = hasStore
        ? await withStores(io, options, ({ revocations: store }) =>
            createTokenService({
              ...service,
              revocations: createRevocations({ store, clock: io.clock }),
            }).verify(token),
          )
        : await createTokenService(service).verify(token);
      const { type, claims } = verified;
      const text = `valid: ${type}\n${JSON.stringify(claims, null, 2)}`;
      printResult(
        io,
        { valid: true, type, claims: JSON.parse(JSON.stringify(claims)) },
        { isJson: options.json === true, text },
      );
      if (!hasStore) io.note('Whether it is revoked was not looked up: give --store or --redis for that.');
    });
}

function revokeCommand(io: CommandIo): Command {
  return new Command('revoke')
    .argument('[token]', 'one token; - : it is read from standard input')
    .description('revoke a token, a session, a user, an API key, or everything under a kid')
    .option('--client <key_id>', 'everything of this API key or, with --user or --session, of these')
    .option('--user <name>', 'a user of the API key')
    .option('--session <id>', 'a session of the API key or, with --user, of that user')
    .option('--kid <kid>', 'everything under a key, as the header of tokens names it')
    .option('--keys <file>', 'key file that opens the token')
    .option('--issuer <url>', 'issuer of the token')
    .option('--audience <name>', 'audience of the token')
    .addOption(environmentOption())
    .addOption(storeOption())
    .addOption(redisOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ passport-jwe token revoke --client demo --user alice --store data/store',
    )
    .action(async (argument: string | undefined, options: RevokeOptions) => {
      const target = targetOf(options) ?? (await tokenTarget(io, argument, options));
      await withStores(io, options, ({ revocations: store }) =>
        createRevocations({
          store,
          clock: io.clock,
          maxTokenLifetimeSeconds: OPERATOR_HORIZON_SECONDS,
        }).revoke(target),
      );
      const text = `Revoked: ${nameOf(target).split('\u0000').join(' ')}`;
      printResult(io, { revoked: { ...target } }, { isJson: options.json === true, text });
    });
}

function targetOf({ client: clientId, user, session, kid }: RevokeOptions): Revocable | undefined {
  if (kid !== undefined) return { kind: 'kid', kid };
  if (clientId === undefined) {
    if (user ?? session) throw new UsageError('Users and sessions belong to an API key: give --client too');
    return undefined;
  }
  if (session !== undefined) {
    return {
      kind: 'session',
      clientId,
      sessionId: session,
      ...(user === undefined ? {} : { subject: user }),
    };
  }
  if (user !== undefined) return { kind: 'subject', clientId, subject: user };
  return { kind: 'api_key', clientId };
}

/** A token that is over needs no revocation, and one that is not ours none of us can revoke. */
async function tokenTarget(
  io: CommandIo,
  argument: string | undefined,
  options: RevokeOptions,
): Promise<Revocable> {
  const { issuer, audience, keys, environment } = options;
  if (argument === undefined || issuer === undefined || audience === undefined || keys === undefined) {
    throw new UsageError('Say what: a token with --keys, --issuer and --audience, or --client, or --kid');
  }
  const keyRing = await openKeys(io, { keys, environment });
  const service = { keyRing, issuer, audience, clock: io.clock };
  const { claims } = await verifyIssued(io, await readToken(io, argument), service);
  const { jti, exp: expiresAt, client_id: clientId } = claims;
  return { kind: 'token', jti, expiresAt, ...(clientId === undefined ? {} : { clientId }) };
}

/** A token may name anybody unless it proves its issuance: what it names must not be revoked on its word. */
async function verifyIssued(
  io: CommandIo,
  token: string,
  options: TokenVerifierOptions,
): Promise<VerifiedToken> {
  try {
    return await createProvenTokenVerifier(options)(token);
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error;
    if (error.reason === 'unproven') {
      throw new Error(
        'The token does not prove that it was issued: revoke by --client, --user, --session or --kid instead',
        { cause: error },
      );
    }
    if (error.reason !== 'unprovable') throw error;
    io.note('Its key proves nothing about who issued the token: a holder of the key may have made it.');
    return createTokenVerifier(options)(token);
  }
}
