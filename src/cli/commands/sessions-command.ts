import { Command, Option } from 'commander';
import { createRevocations } from '../../revocation/revocations.js';
import { createSessions } from '../../sessions/create-sessions.js';
import type { Sessions } from '../../sessions/sessions-contract.js';
import type { CommandIo } from '../command-io.js';
import { formatTime, printList, printResult } from '../print-result.js';
import {
  generationFileOption,
  jsonOption,
  OPERATOR_HORIZON_SECONDS,
  redisOption,
  type StoreOptions,
  storeOption,
  UsageError,
  withStores,
} from '../settings.js';

interface SessionOptions extends StoreOptions {
  readonly client: string;
  readonly user?: string;
  readonly json?: true;
}

interface EndOptions extends SessionOptions {
  readonly session?: string;
  readonly all?: true;
}

const MAX_PAGE = 1000;

/** Create the `sessions` command, which lists and ends the sessions of refresh tokens. */
export function sessionsCommand(io: CommandIo): Command {
  const command = new Command('sessions').description(
    'list and end the sessions of an API key and its users',
  );
  const addShared = (added: Command): Command =>
    added
      .requiredOption('--client <key_id>', 'API key of the sessions')
      .option('--user <name>', 'user of the API key (default: all users)')
      .addOption(storeOption())
      .addOption(generationFileOption())
      .addOption(redisOption())
      .addOption(jsonOption());

  addShared(command.command('list'))
    .description('list the active sessions')
    .addHelpText(
      'after',
      '\nExample:\n  $ passport-jwe sessions list --client demo --user alice --store data/store',
    )
    .action((options: SessionOptions) =>
      withSessions(io, options, async (sessions) => {
        const found = await listAll(sessions, ownerOf(options));
        const rows = found.map(({ sessionId, subject, deviceId, createdAt, lastUsedAt, expiresAt }) => ({
          session: sessionId,
          user: subject,
          device: deviceId ?? null,
          created: formatTime(createdAt),
          last_used: formatTime(lastUsedAt),
          expires: formatTime(expiresAt),
        }));
        printList(io, rows, options.json === true);
      }),
    );

  addShared(command.command('end'))
    .description('end one session or all sessions; verifiers then reject their tokens')
    .addOption(
      new Option('--session <id>', 'session ID; without --user, applies to all users').conflicts('all'),
    )
    .option('--all', 'all sessions of the user or API key')
    .addHelpText(
      'after',
      '\nExample:\n  $ passport-jwe sessions end --client demo --user alice --all --store data/store',
    )
    .action((options: EndOptions) =>
      withSessions(io, options, async (sessions) => {
        const ended = await end(sessions, options);
        const text = ended === 1 ? 'Ended 1 session.' : `Ended ${ended} sessions.`;
        printResult(io, { ended }, { isJson: options.json === true, text });
      }),
    );

  return command;
}

async function end(sessions: Sessions, options: EndOptions): Promise<number> {
  if (options.all === true) return sessions.endAll(ownerOf(options));
  if (options.session === undefined)
    throw new UsageError('The session is missing: pass --session ID or --all');
  return (await sessions.end({ ...ownerOf(options), sessionId: options.session })) ? 1 : 0;
}

async function listAll(sessions: Sessions, owner: ReturnType<typeof ownerOf>) {
  const pages = [await sessions.list({ ...owner, limit: MAX_PAGE })];
  for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next) {
    pages.push(await sessions.list({ ...owner, limit: MAX_PAGE, after: next }));
  }
  return pages.flatMap((page) => page.sessions);
}

function ownerOf({ client, user }: SessionOptions) {
  return { clientId: client, ...(user === undefined ? {} : { subject: user }) };
}

function withSessions(
  io: CommandIo,
  options: SessionOptions,
  run: (sessions: Sessions) => Promise<void>,
): Promise<void> {
  return withStores(io, options, (stores) => {
    const revocations = createRevocations({
      ...{ stores, clock: io.clock },
      maxTokenLifetimeSeconds: OPERATOR_HORIZON_SECONDS,
      maxAccessTokenLifetimeSeconds: OPERATOR_HORIZON_SECONDS,
    });
    return run(createSessions({ stores, revocations, clock: io.clock }));
  });
}
