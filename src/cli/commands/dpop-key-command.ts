import { resolve } from 'node:path';
import { Command } from 'commander';
import { createFile } from '../../base/write-file.js';
import { createSigningKey } from '../../keys/create-signing-key.js';
import { generateSigningJwk } from '../../keys/generate-signing-jwk.js';
import { jwkThumbprint } from '../../keys/jwk-thumbprint.js';
import { publicMembers } from '../../keys/public-jwk.js';
import type { CommandIo } from '../command-io.js';
import { printResult } from '../print-result.js';
import { dpopKeyOption, jsonOption } from '../settings.js';

interface DpopKeyOptions {
  readonly dpopKey: string;
  readonly json?: true;
}

/** Create the `dpop-key` command, which creates a DPoP key and prints its thumbprint. */
export function dpopKeyCommand(io: CommandIo): Command {
  const command = new Command('dpop-key').description('create the key of a client that uses DPoP (RFC 9449)');
  const fileOption = () => dpopKeyOption('file of the private JWK').default('dpop.jwk');

  command
    .command('create')
    .description('write a new private key for ES256, with mode 0600, and print its thumbprint')
    .addOption(fileOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ passport-jwe dpop-key create --dpop-key dpop.jwk')
    .action(async ({ dpopKey: file, json }: DpopKeyOptions) => {
      const { privateJwk, publicJwk } = generateSigningJwk();
      await createFile(resolve(io.directory, file), `${JSON.stringify(privateJwk)}\n`, 0o600);
      const jkt = jwkThumbprint(publicJwk);
      const text = `Wrote ${file} with the thumbprint ${jkt}. Keep this file out of version control.`;
      printResult(io, { file, jkt }, { isJson: json === true, text });
    });

  command
    .command('show')
    .description('print the thumbprint of a key, the cnf.jkt of its tokens')
    .addOption(fileOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ passport-jwe dpop-key show --dpop-key dpop.jwk')
    .action(async ({ dpopKey: file, json }: DpopKeyOptions) => {
      const { alg, publicKey } = await createSigningKey({ file: resolve(io.directory, file) });
      const jkt = jwkThumbprint(publicMembers(publicKey));
      printResult(io, { file, alg, jkt }, { isJson: json === true, text: jkt });
    });

  return command;
}
