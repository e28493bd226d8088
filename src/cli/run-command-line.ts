import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ConfigurationError } from '../api-keys/configuration-error.js';
import { InvalidTokenError } from '../base/errors.js';
import type { CommandIo } from './command-io.js';
import { apiKeyCommand } from './commands/api-key-command.js';
import { auditCommand } from './commands/audit-command.js';
import { callCommand } from './commands/call-command.js';
import { directoryCommand } from './commands/directory-command.js';
import { dpopKeyCommand } from './commands/dpop-key-command.js';
import { initCommand } from './commands/init-command.js';
import { keysCommand } from './commands/keys-command.js';
import { sessionsCommand } from './commands/sessions-command.js';
import { storeCommand } from './commands/store-command.js';
import { tokenCommand } from './commands/token-command.js';
import { describeMissingOption } from './describe-missing-option.js';
import { hideArguments } from './hide-arguments.js';
import { reportRejection } from './report-rejection.js';
import { ExitError, UsageError } from './settings.js';

/** Exit code of a successful command. */
const OK = 0;
/** Exit code of a command that failed, or that found an invalid token, file or API key. */
const FAILED = 1;
/** Exit code for invalid arguments. */
const MISUSED = 2;

/**
 * Run a command line. Write results to standard output and messages to standard error.
 *
 * @param args arguments without the program name.
 * @returns the exit code: 0 on success, 1 on failure, 2 if the arguments are invalid. A command can define further codes.
 */
export async function runCommandLine(args: readonly string[], io: CommandIo): Promise<number> {
  try {
    await createProgram(io).parseAsync([...args], { from: 'user' });
    return OK;
  } catch (failure) {
    if (failure instanceof CommanderError) return failure.exitCode === 0 ? OK : MISUSED;
    report(io, failure, args.includes('--json'));
    if (failure instanceof ExitError) return failure.exitCode;
    return failure instanceof UsageError ? MISUSED : FAILED;
  }
}

/** Create the `passport-jwe` program with all commands. */
export function createProgram(io: CommandIo): Command {
  const program = new Command('passport-jwe')
    .description('Keys, API keys, tokens and sessions of passport-jwe')
    .version(readVersion(), '-V, --version', 'print the version')
    .addHelpText('after', '\nExample:\n  $ passport-jwe init');
  for (const create of [
    initCommand,
    keysCommand,
    apiKeyCommand,
    tokenCommand,
    dpopKeyCommand,
    callCommand,
    sessionsCommand,
    storeCommand,
    directoryCommand,
    auditCommand,
  ]) {
    program.addCommand(create(io));
  }
  for (const command of allCommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => io.print(text.trimEnd()),
      writeErr: (text) => io.note(text.trimEnd()),
      outputError: (text, write) =>
        write(describeMissingOption(hideArguments(text.trimEnd()), command.options)),
    });
  }
  return program;
}

function readVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return version;
}

function allCommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

/** Report a failure: all problems of a configuration, the reason for a rejected token, or an error message. */
function report(io: CommandIo, failure: unknown, isJson: boolean): void {
  if (failure instanceof ConfigurationError) {
    if (isJson) io.print(JSON.stringify({ valid: false, problems: failure.problems }));
    else io.print(failure.message);
    return;
  }
  if (failure instanceof InvalidTokenError) {
    reportRejection(io, failure, isJson);
    return;
  }
  const message =
    failure instanceof Error
      ? describe(failure)
      : 'The command failed for an unknown reason: run it again, or report the problem';
  io.note(isJson ? JSON.stringify({ error: message }) : `error: ${message}`);
}

/** Format an error with the message of its cause, which names the reason for an outage. */
function describe({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== '' && !message.includes(cause.message)
    ? `${message}: ${cause.message}`
    : message;
}
