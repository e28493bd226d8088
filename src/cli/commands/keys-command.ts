import { resolve } from 'node:path';
import { Command } from 'commander';
import { createFile } from '../../base/write-file.js';
import { generateKeySet } from '../../keys/key-versions.js';
import { openKeyRing } from '../../keys/open-key-ring.js';
import type { RotatingKeyRing } from '../../keys/sourced-key-ring.js';
import { fileKeySource } from '../../keys/sources/file-key-source.js';
import type { CommandIo } from '../command-io.js';
import { parseSeconds } from '../parse-number.js';
import { formatTime, printList, printResult } from '../print-result.js';
import { jsonOption, keysOption } from '../settings.js';

interface KeysOptions {
  readonly keys: string;
  readonly json?: true;
}

interface RotateOptions extends KeysOptions {
  readonly pending: number;
  readonly maxTokenLifetime: number;
}

/** Create the `keys` command, which generates, lists, rotates and retires the versions in a key file. */
export function keysCommand(io: CommandIo): Command {
  const command = new Command('keys').description('create and rotate the keys that encrypt tokens');

  command
    .command('generate')
    .description('write a key file with a random root key, with mode 0600')
    .addOption(keysOption())
    .option('--stdout', 'print the keys instead of writing a file')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ passport-jwe keys generate --keys keys.json')
    .action(async ({ keys, stdout, json }: KeysOptions & { readonly stdout?: true }) => {
      const set = generateKeySet(io.clock());
      if (stdout === true) return io.print(JSON.stringify(set, null, 2));
      await createFile(resolve(io.directory, keys), `${JSON.stringify(set, null, 2)}\n`, 0o600);
      const kid = String(set.keys[0]?.['kid']);
      printResult(
        io,
        { file: keys, kid },
        {
          isJson: json === true,
          text: `Wrote ${keys} with the root key ${kid}. Keep this file out of version control.`,
        },
      );
    });

  command
    .command('list')
    .description('list the key versions, without secrets')
    .addOption(keysOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ passport-jwe keys list --json')
    .action((options: KeysOptions) =>
      withRing(io, options, {}, async (ring) => printVersions(io, ring, options)),
    );

  command
    .command('rotate')
    .description('add a version that becomes current after --pending seconds')
    .addOption(keysOption())
    .option(
      '--pending <seconds>',
      'delay before the new version encrypts, at least two reload intervals of your services',
      parseSeconds,
      300,
    )
    .option(
      '--max-token-lifetime <seconds>',
      'decryption period of the previous version',
      parseSeconds,
      7_776_000,
    )
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ passport-jwe keys rotate --pending 300')
    .action((options: RotateOptions) => {
      const schedule = {
        pendingSeconds: options.pending,
        reloadSeconds: options.pending / 2,
        maxTokenLifetimeSeconds: options.maxTokenLifetime,
      };
      return withRing(io, options, schedule, async (ring) => {
        const before = ring.versions.length;
        await ring.rotate();
        if (ring.versions.length <= before && ring.versions.some(({ state }) => state === 'pending')) {
          io.note(
            'A rotation is already in progress, so no version was added. Wait until the pending version is current.',
          );
        }
        printVersions(io, ring, options);
      });
    });

  command
    .command('retire')
    .argument('<kid>', 'key ID of the version, from keys list')
    .description(
      'retire a version immediately, for example after a leak; verifiers then reject all its tokens',
    )
    .addOption(keysOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ passport-jwe keys retire 5f0c1b7e9a3d4c2286aa10b3\n\nIf the kid begins with a hyphen, put -- before it: keys retire -- -T3pIx1',
    )
    .action((kid: string, options: KeysOptions) =>
      withRing(io, options, {}, async (ring) => {
        await ring.retire(kid);
        printVersions(io, ring, options);
      }),
    );

  return command;
}

interface Schedule {
  readonly pendingSeconds?: number;
  readonly reloadSeconds?: number;
  readonly maxTokenLifetimeSeconds?: number;
}

async function withRing(
  io: CommandIo,
  { keys }: KeysOptions,
  schedule: Schedule,
  run: (ring: RotatingKeyRing) => Promise<void>,
): Promise<void> {
  const source = fileKeySource({ file: resolve(io.directory, keys) });
  const ring = await openKeyRing({ source, clock: io.clock, ...schedule });
  try {
    await run(ring);
  } finally {
    await ring.close();
  }
}

function printVersions(io: CommandIo, { versions }: RotatingKeyRing, { json }: KeysOptions): void {
  const rows = versions.map(({ kid, state, notBefore, notAfter }) => ({
    kid,
    state,
    encrypts_from: formatTime(notBefore),
    decrypts_until: formatTime(notAfter),
  }));
  printList(io, rows, json === true);
}
