import { resolve } from 'node:path';
import { Command } from 'commander';
import type { LmdbStores } from '../../stores/lmdb/open-lmdb-stores.js';
import type { CommandIo } from '../command-io.js';
import { formatTime, printResult } from '../print-result.js';
import {
  type EmbeddedStoreOptions,
  generationFileOption,
  jsonOption,
  openEmbeddedStore,
  storeOption,
} from '../settings.js';

interface StoreCommandOptions extends EmbeddedStoreOptions {
  readonly json?: true;
}

/** Create the `store` command, which backs up an embedded store and accepts a restored backup. */
export function storeCommand(io: CommandIo): Command {
  const command = new Command('store').description(
    'back up the embedded store (LMDB), and accept a restored backup',
  );
  const addShared = (added: Command): Command =>
    added
      .addOption(storeOption().makeOptionMandatory())
      .addOption(generationFileOption())
      .addOption(jsonOption());

  addShared(command.command('backup'))
    .argument('<directory>', 'directory for data.mdb')
    .description('write a consistent backup while other processes use the store')
    .addHelpText('after', '\nExample:\n  $ passport-jwe store backup /backups/monday --store data/store')
    .action((directory: string, options: StoreCommandOptions) =>
      withStore(io, options, async (stores) => {
        const backup = resolve(io.directory, directory);
        await stores.backUp(backup);
        printResult(io, { backup }, { isJson: options.json === true, text: `The backup is in ${backup}.` });
      }),
    );

  addShared(command.command('accept-restore'))
    .description('accept a restored store, and reject all tokens issued until now')
    .addHelpText(
      'after',
      '\nThe command also ends all refresh-token families. On a store that was not restored, it has no effect.\n' +
        '\nExample:\n  $ passport-jwe store accept-restore --store data/store',
    )
    .action((options: StoreCommandOptions) =>
      withStore(io, { ...options, acceptRestore: true }, async (stores) => {
        const completeSince = formatTime(stores.revocations.completeSince());
        const text = `The store was accepted. Tokens issued before ${completeSince} are rejected.`;
        printResult(io, { complete_since: completeSince }, { isJson: options.json === true, text });
      }),
    );

  return command;
}

async function withStore(
  io: CommandIo,
  options: EmbeddedStoreOptions,
  run: (stores: LmdbStores) => Promise<void>,
): Promise<void> {
  const stores = await openEmbeddedStore(io, options);
  try {
    await run(stores);
  } finally {
    await stores.close();
  }
}
