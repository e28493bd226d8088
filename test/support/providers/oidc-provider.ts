import { createHash, randomBytes } from 'node:crypto';
import type { Jwk } from '../../../src/keys/jwk.js';
import { findFreePort, startProgram, untilListening } from '../processes.js';
import { AUDIENCE } from '../tokens.js';
import { followRedirects } from './follow-redirects.js';

const REDIRECT_URI = 'https://client.example.com/callback';
const CLIENT = `Basic ${Buffer.from('partner:partner-secret').toString('base64')}`;

/** What the access token is asked for with. */
export interface OidcTokenRequest {
  /** Default: `client_credentials`. By `authorization_code`, alice signs in. */
  readonly grant?: 'client_credentials' | 'authorization_code';
  /** Encryption key of the resource server. */
  readonly kid: string;
  readonly alg: string;
  readonly enc: string;
  /** Default: no signature, which the provider permits with shared keys alone. */
  readonly signatureAlg?: string;
  /** Whether the header of the token names the encryption key. Default: true. */
  readonly isNamed?: boolean;
}

/** The authorization server of the package oidc-provider, in a separate process. */
export interface OidcProvider {
  /** `http://127.0.0.1:<port>`; its keys are at `/jwks`. */
  readonly issuer: string;
  issueToken(request: OidcTokenRequest): Promise<string>;
  close(): Promise<void>;
}

/** @param encryptionKeys keys of the resource server, each with its `kid`: public ones, or shared ones */
export async function startOidcProvider(encryptionKeys: readonly Jwk[]): Promise<OidcProvider> {
  const port = await findFreePort();
  const args = [String(port), AUDIENCE, REDIRECT_URI, JSON.stringify(encryptionKeys)];
  const program = startProgram('test/support/programs/oidc-provider.js', {}, { args });
  await untilListening(program, port);
  const issuer = `http://127.0.0.1:${port}`;
  return {
    issuer,
    async issueToken({ grant = 'client_credentials', ...request }) {
      const resource = indicatorOf(request);
      const parameters = grant === 'client_credentials' ? {} : await authorize(issuer, resource);
      return redeem(issuer, {
        ...{ grant_type: grant, resource, scope: 'read:documents write:documents' },
        ...parameters,
      });
    },
    async close() {
      program.process.kill('SIGKILL');
      await program.ended;
    },
  };
}

function indicatorOf({ kid, alg, enc, signatureAlg, isNamed = true }: OidcTokenRequest): string {
  const query = new URLSearchParams({ kid, alg, enc });
  if (signatureAlg !== undefined) query.set('sign', signatureAlg);
  if (!isNamed) query.set('named', 'no');
  return `${AUDIENCE}/?${query}`;
}

/** Sends the browser of alice through the authorization, with PKCE. */
async function authorize(issuer: string, resource: string): Promise<Record<string, string>> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    ...{ client_id: 'partner', response_type: 'code', redirect_uri: REDIRECT_URI, resource },
    ...{ scope: 'read:documents write:documents', code_challenge_method: 'S256' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  });
  const target = await followRedirects(`${issuer}/auth?${query}`, REDIRECT_URI);
  const code = target.searchParams.get('code');
  if (code === null) throw new Error(`No code: ${target}`);
  return { code, code_verifier: verifier, redirect_uri: REDIRECT_URI };
}

async function redeem(issuer: string, parameters: Record<string, string>): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: CLIENT },
    body: new URLSearchParams(parameters),
  });
  const body = await answer.json();
  if (typeof body['access_token'] !== 'string') throw new Error(`No token: ${JSON.stringify(body)}`);
  return body['access_token'];
}
