import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { createAuthorizedFetch } from '../../client/authorized-fetch.js';
import type { CommandIo } from '../command-io.js';
import { openProofSigner } from '../open-proof-signer.js';
import { parseServiceUrl } from '../parse-service-url.js';
import { formatCell, printResult } from '../print-result.js';
import { dpopKeyOption, jsonOption, readSecretText } from '../settings.js';

interface CallOptions {
  readonly method?: string;
  readonly data?: string;
  readonly contentType: string;
  readonly tokenFile?: string;
  readonly dpopKey?: string;
  readonly json?: true;
}

/** Create the `call` command, which calls an API with a token and a proof. */
export function callCommand(io: CommandIo): Command {
  return new Command('call')
    .argument('<url>', 'URL of the API', parseServiceUrl)
    .description(
      'call an API with a token from standard input, and print the response; exit code 1 unless the status is 2xx',
    )
    .option('--method <method>', 'HTTP method (default: GET, or POST with --data)')
    .option('--data <file>', 'file with the request body')
    .option('--content-type <type>', 'media type of the body', 'application/json')
    .option('--token-file <file>', 'file with the token, with mode 0600')
    .addOption(dpopKeyOption('private JWK that the token is bound to (default: bearer token)'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ passport-jwe call https://api.example.com/documents --dpop-key dpop.jwk < token.txt',
    )
    .action(async (url: URL, options: CallOptions) => {
      const response = await send(io, url, options);
      const body = await response.text();
      const { status, headers } = response;
      const result = { status, content_type: headers.get('Content-Type'), body };
      printResult(io, result, { isJson: options.json === true, text: body });
      if (response.ok) return;
      const challenge = headers.get('WWW-Authenticate');
      const hint = challenge === null ? '' : `: ${formatCell(challenge)}`;
      throw new Error(`The API responded with ${status}${hint}`);
    });
}

async function send(io: CommandIo, url: URL, options: CallOptions): Promise<Response> {
  const { data, tokenFile, dpopKey, contentType } = options;
  const proofs = await openProofSigner(io, dpopKey);
  const token = await readSecretText(
    io,
    tokenFile,
    'The token is missing: pass it on standard input, or pass --token-file FILE',
  );
  const call = createAuthorizedFetch({
    tokens: { getToken: async () => token, discard: () => false },
    proofs,
  });
  if (data === undefined) return call(url, { method: options.method ?? 'GET' });
  const body = await readFile(resolve(io.directory, data));
  return call(url, { method: options.method ?? 'POST', body, headers: { 'Content-Type': contentType } });
}
