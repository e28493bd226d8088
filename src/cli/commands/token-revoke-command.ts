import { Command, Option } from 'commander';
import type { JsonObject } from '../../base/json.js';
import type { Revocable } from '../../revocation/revocable.js';
import { createRevocations } from '../../revocation/revocations.js';
import type { Revocations } from '../../revocation/revocations-contract.js';
import { createSessions } from '../../sessions/create-sessions.js';
import type { Stores } from '../../stores/stores.js';
import { chooseRevocation } from '../choose-revocation.js';
import type { CommandIo } from '../command-io.js';
import { printResult } from '../print-result.js';
import type { Revocation, RevokeOptions } from '../revocation-request.js';
import {
  apiKeysOption,
  environmentOption,
  generationFileOption,
  jsonOption,
  keysOption,
  OPERATOR_HORIZON_SECONDS,
  redisOption,
  storeOption,
  withStores,
} from '../settings.js';

const HELP = `
Example:
  $ passport-jwe token revoke --client demo --user alice --store data/store

With the kid of a version from "keys list", --kid revokes all tokens under the version: access tokens for --audience and
for the audiences of the API keys, and refresh tokens of --issuer. With the kid of a token header, --kid revokes only the
tokens under that key. The current version cannot be revoked, because new tokens would be rejected too. Rotate first:
  $ passport-jwe keys rotate
  $ passport-jwe keys list          until the new version is current
  $ passport-jwe token revoke --kid OLD_KID --store data/store
  $ passport-jwe keys retire OLD_KID`;

/** Create the `token revoke` command, which revokes tokens, sessions, users, API keys and encryption keys. */
export function tokenRevokeCommand(io: CommandIo): Command {
  return new Command('revoke')
    .argument(
      '[token]',
      'access token to revoke, or refresh token of a session to end (default: -, read from standard input)',
    )
    .description('revoke a token, a session, a user, an API key, or all tokens under a key')
    .option(
      '--client <key_id>',
      'all tokens of this API key or, with --user or --session, of that user or session',
    )
    .option('--user <name>', 'user of the API key')
    .option('--session <id>', 'session of the API key or, with --user, of that user')
    .option(
      '--kid <kid>',
      'all tokens under a key version (kid in "keys list") or a single key (kid in a token header)',
    )
    .option('--force', 'revoke an unknown API key or encryption key, for example after its file was removed')
    .addOption(apiKeysOption())
    .addOption(keysOption())
    .addOption(environmentOption())
    .addOption(new Option('--issuer <url>', 'issuer of the tokens').env('ISSUER'))
    .addOption(
      new Option('--audience <name>', 'audience of the tokens; repeatable')
        .env('AUDIENCE')
        .argParser(collect),
    )
    .addOption(storeOption())
    .addOption(generationFileOption())
    .addOption(redisOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action(async (argument: string | undefined, options: RevokeOptions) => {
      const revocation = await chooseRevocation(io, argument, options);
      await withStores(io, options, (stores) => carryOut(io, stores, revocation));
      for (const note of revocation.notes) io.note(note);
      printResult(io, resultOf(revocation), { isJson: options.json === true, text: revocation.text });
    });
}

function collect(value: string, former: readonly string[] = []): readonly string[] {
  return [...former, value];
}

async function carryOut(io: CommandIo, stores: Stores, { targets, session }: Revocation): Promise<void> {
  const revocations = createRevocations({
    ...{ stores, clock: io.clock },
    maxTokenLifetimeSeconds: OPERATOR_HORIZON_SECONDS,
    maxAccessTokenLifetimeSeconds: OPERATOR_HORIZON_SECONDS,
  });
  if (session !== undefined && (await endSession(io, stores, revocations, session))) return;
  for (const target of targets) await revocations.revoke(target);
}

/** End a session. @returns whether the store contains the session. If not, the caller revokes its access tokens. */
function endSession(
  io: CommandIo,
  stores: Stores,
  revocations: Revocations,
  session: NonNullable<Revocation['session']>,
): Promise<boolean> {
  return createSessions({ stores, revocations, clock: io.clock }).end(session);
}

/** Format the targets for `--json`: a single target as an object, several targets as an array. */
function resultOf({ targets, details }: Revocation): JsonObject {
  const copies = targets.map((target: Revocable) => ({ ...target }));
  const [first] = copies;
  return { revoked: copies.length === 1 && first !== undefined ? first : copies, ...details };
}
