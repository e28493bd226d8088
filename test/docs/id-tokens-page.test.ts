import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, type RunningProgram, startProgram, untilListening } from '../support/processes.js';
import { type OpenIdProvider, startOpenIdProvider } from '../support/providers/openid-provider.js';
import { secretOf } from '../support/tokens.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OKTA = 'https://acme.okta.com/oauth2/default';
const KEY = 'sk-portal-of-the-page';

const blocks = await readPageBlocks(new URL('../../docs/guides/id-tokens.md', import.meta.url));

/** Inside the package, where programs find it by its name as its users do. */
let directory = '';
let provider: OpenIdProvider;
let server: RunningProgram;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(join(ROOT, 'test', '.readme-id-tokens-'));
  provider = await startOpenIdProvider({ alice: { groups: ['Staff'] }, visitor: { groups: ['Visitors'] } });
  await mkdir(join(directory, 'api-keys'));
  await writeFile(
    join(directory, 'api-keys', 'portal.yaml'),
    String(blocks.get('id-token-key'))
      .replace(OKTA, provider.issuer)
      .replace(/0oa\w+/, 'portal'),
  );
  const code = String(blocks.get('id-token-server'))
    .replace(OKTA, provider.issuer)
    .replace('discoverJwks({ issuer: okta })', 'discoverJwks({ issuer: okta, allowPrivate: true })');
  await writeFile(join(directory, 'id-token-server.mts'), code);
  const port = await findFreePort();
  const environment = { JWE_KEY: secretOf(9).toString('hex'), PORT: String(port), PORTAL_API_KEY: KEY };
  server = startProgram(join(directory, 'id-token-server.mts'), environment, { cwd: directory });
  await untilListening(server, port);
  url = `http://127.0.0.1:${port}`;
});

afterAll(async () => {
  server.process.kill('SIGKILL');
  await server.ended;
  await provider.close();
  await rm(directory, { recursive: true });
});

/** Run the function of the page for an ID token, and return its output. */
async function exchange(idToken: string | undefined): Promise<string> {
  const file = join(directory, 'id-token-exchange.mts');
  const call = `console.log(await exchangeIdToken(${JSON.stringify(idToken)}).catch(({ message }) => message));\n`;
  await writeFile(file, `${blocks.get('id-token-exchange')}\n${call}`);
  const environment = { TOKEN_ENDPOINT: `${url}/oauth/token`, PORTAL_API_KEY: KEY };
  const program = startProgram(file, environment, { cwd: directory });
  await program.ended;
  return program.output().trim();
}

test('docs/guides/id-tokens.md shows the exchange of an ID token of a real provider', async () => {
  const { id_token } = await provider.signIn('alice');

  expect((await exchange(id_token)).split('.')).toHaveLength(5);
  expect(await exchange(id_token)).toMatch(/^invalid_request: The ID token is invalid/);
  expect(await exchange((await provider.signIn('visitor')).id_token)).toMatch(/^invalid_scope: /);
});
