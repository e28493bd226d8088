import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { ClientCredentialOptions } from '../../client/authenticate-request.js';
import { requestToken } from '../../client/request-token.js';
import { createSigningKey } from '../../keys/create-signing-key.js';
import type { CommandIo } from '../command-io.js';
import { openProofSigner } from '../open-proof-signer.js';
import { parseServiceUrl } from '../parse-service-url.js';
import { printResult } from '../print-result.js';
import { audienceOption, dpopKeyOption, jsonOption, readSecretText, UsageError } from '../settings.js';

interface CredentialOptions {
  readonly client: string;
  readonly secretFile?: string;
  readonly clientKey?: string;
  readonly issuer?: string;
}

interface RequestOptions extends CredentialOptions {
  readonly tokenEndpoint: URL;
  readonly audience: string;
  readonly scope?: string;
  readonly dpopKey?: string;
  readonly json?: true;
}

/** Create the `token request` command, which requests an access token from a token endpoint. */
export function tokenRequestCommand(io: CommandIo): Command {
  return new Command('request')
    .description(
      'request an access token from a token endpoint; reads the API key from standard input by default',
    )
    .addOption(
      new Option('--token-endpoint <url>', 'URL of the token endpoint')
        .env('TOKEN_ENDPOINT')
        .argParser(parseServiceUrl)
        .makeOptionMandatory(),
    )
    .requiredOption('--client <key_id>', 'API key')
    .option('--secret-file <file>', 'file with the API key, with mode 0600')
    .addOption(
      new Option(
        '--client-key <file>',
        'private JWK for private_key_jwt instead of an API key; requires --issuer',
      ).conflicts('secretFile'),
    )
    .addOption(new Option('--issuer <url>', 'issuer of the authorization server').env('ISSUER'))
    .addOption(audienceOption())
    .option('--scope <scope>', 'scope tokens, separated by spaces (default: all permissions of the API key)')
    .addOption(dpopKeyOption('private JWK that the token is bound to (default: bearer token)'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ passport-jwe token request --token-endpoint https://auth.example.com/oauth/token --client demo --audience https://api.example.com --dpop-key dpop.jwk < api-key.txt',
    )
    .action(async (options: RequestOptions) => {
      const { tokenEndpoint, audience, scope, dpopKey, json } = options;
      const proofs = await openProofSigner(io, dpopKey);
      const request = {
        ...(await readCredentials(io, options)),
        tokenEndpoint: tokenEndpoint.href,
        audience,
        ...(scope === undefined ? {} : { scope }),
      };
      const { token, tokenType, lifetimeSeconds } = await requestToken(
        tokenEndpoint,
        request,
        io.clock,
        proofs,
      );
      const result = { access_token: token, token_type: tokenType, expires_in: lifetimeSeconds };
      printResult(io, result, { isJson: json === true, text: token });
    });
}

/** @throws UsageError (as rejection) if the API key or the issuer is missing. */
async function readCredentials(
  io: CommandIo,
  { client, secretFile, clientKey, issuer }: CredentialOptions,
): Promise<ClientCredentialOptions> {
  if (clientKey !== undefined) {
    if (issuer === undefined)
      throw new UsageError(
        'The issuer is missing: pass --issuer with --client-key, or set the variable ISSUER',
      );
    const privateKey = await createSigningKey({ file: resolve(io.directory, clientKey) });
    return { clientId: client, privateKey, issuer };
  }
  const clientSecret = await readSecretText(
    io,
    secretFile,
    'The API key is missing: pass it on standard input, or pass --secret-file FILE',
  );
  return { clientId: client, clientSecret };
}
