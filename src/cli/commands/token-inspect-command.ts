import { Command } from 'commander';
import type { CommandIo } from '../command-io.js';
import { findKid } from '../find-kid.js';
import { describeOwner, ownerOf, readAnyToken, readTokenHeader } from '../read-any-token.js';
import { environmentOption, jsonOption, type KeyOptions, readToken } from '../settings.js';

interface InspectOptions extends Partial<KeyOptions> {
  readonly audience?: string;
  readonly issuer?: string;
  readonly json?: true;
}

/** Create the `token inspect` command, which prints a token's header and, with a key file, its claims. */
export function tokenInspectCommand(io: CommandIo): Command {
  return new Command('inspect')
    .argument('[token]', 'the token (default: -, read from standard input)')
    .description(
      'print the unencrypted header and, with --keys, the claims, the session and the key version ("keys list"), without verifying signature, expiry or issuer',
    )
    .option('--keys <file>', 'key file that decrypts the token; for a public encryption key, the private JWK')
    .option('--audience <name>', 'audience of an access token, to derive its key')
    .option('--issuer <url>', 'issuer of a refresh token, to derive its key')
    .addOption(environmentOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ pbpaste | passport-jwe token inspect --keys keys.json --audience https://api.example.com',
    )
    .action(async (argument: string | undefined, options: InspectOptions) => {
      const token = await readToken(io, argument);
      const found = { header: readTokenHeader(token), ...(await open(io, token, options)) };
      io.print(options.json === true ? JSON.stringify(found) : JSON.stringify(found, null, 2));
    });
}

async function open(io: CommandIo, token: string, options: InspectOptions) {
  const { keys, audience, issuer, environment = 'production' } = options;
  if (keys === undefined) return {};
  const audiences = audience === undefined ? [] : [audience];
  const reading = { keys, environment, audiences, issuer };
  const opened = await readAnyToken(io, token, reading);
  const found = await findKid(io, opened.key.kid, reading);
  const version = found && { version: { kid: found.version, state: found.state } };
  const owner = ownerOf(opened);
  io.note(`${opened.kind === 'refresh' ? 'Refresh' : 'Access'} token: ${describeOwner(owner)}.`);
  if (opened.signedHeader !== undefined) io.note('The signature of the token was not verified.');
  return { kind: opened.kind, ...version, ...owner, claims: opened.claims };
}
