import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuditTrail } from 'passport-jwe';
import { type Gateway, startGateway } from './gateway.js';
import { readSettings } from './settings.js';
import { createSend } from './tour-requests.js';
import { stealToken } from './tour-stolen-token.js';

/** Sends requests to a gateway in this process, and prints each request with its response. */
async function walk(gateway: Gateway): Promise<void> {
  const { origin, demoApiKey = '' } = gateway;
  const send = createSend(origin);
  const exchange = (scope: string) => ({
    method: 'POST',
    path: '/oauth/token',
    headers: { 'X-API-Key': demoApiKey },
    form: { grant_type: 'client_credentials', ...(scope === '' ? {} : { scope }) },
  });

  chapter('1. Exchange an API key for a token');
  const issued = await send(exchange(''), 200);
  const token = String(issued['access_token']);

  chapter('2. Clients can read the header of the token, but not its payload');
  for (const [name, text] of readParts(token)) console.log(`  ${name.padEnd(16)} ${text}`);

  chapter('3. Call protected routes with the token');
  const authorization = { Authorization: `Bearer ${token}` };
  const document = { title: 'Minutes' };
  const chat = { model: 'echo-1', messages: [{ role: 'user', content: 'Hello, gateway' }] };
  await send({ path: '/documents', headers: authorization }, 200);
  await send({ method: 'POST', path: '/documents', headers: authorization, json: document }, 201);
  await send({ path: '/v1/models', headers: authorization }, 200);
  await send({ method: 'POST', path: '/v1/chat/completions', headers: authorization, json: chat }, 200);
  const message = { ...chat, max_tokens: 20, stream: true };
  await send({ method: 'POST', path: '/v1/messages', headers: authorization, json: message }, 200);
  await send({ path: '/admin/configurations', headers: authorization }, 200);

  chapter('4. See how each kind of failure is answered');
  const narrow = await send(exchange('read:documents'), 200);
  const reader = { Authorization: `Bearer ${narrow['access_token']}` };
  const tampered = { Authorization: `Bearer ${changeOneCharacter(token)}` };
  console.log('\n  no token:');
  await send({ path: '/documents' }, 401);
  console.log('\n  a modified token:');
  await send({ path: '/documents', headers: tampered }, 401);
  console.log('\n  a malformed request:');
  await send({ path: '/documents', headers: { Authorization: 'Bearer one two' } }, 400);
  console.log('\n  a token without the required scope:');
  await send({ method: 'POST', path: '/documents', headers: reader, json: document }, 403);
  console.log('\n  a model that the token does not allow:');
  const forbidden = { ...chat, model: 'gpt-4' };
  await send({ method: 'POST', path: '/v1/chat/completions', headers: authorization, json: forbidden }, 403);
  console.log('\n  more scope than the API key has:');
  await send(exchange('delete:everything'), 400);
  console.log('\n  an unknown API key:');
  await send({ ...exchange(''), headers: { 'X-API-Key': 'demo_unknown' } }, 401);

  chapter('5. Revoke the token: it is rejected from then on');
  const revocation = { method: 'POST', path: '/oauth/revoke', headers: { 'X-API-Key': demoApiKey } };
  await send({ ...revocation, form: { token } }, 200);
  await send({ path: '/documents', headers: authorization }, 401);

  chapter('6. Bind a token to a key: a stolen token is rejected');
  await stealToken(origin, send, demoApiKey);
}

function changeOneCharacter(token: string): string {
  const position = token.length - 10;
  return token.slice(0, position) + (token[position] === 'A' ? 'B' : 'A') + token.slice(position + 1);
}

function readParts(token: string): readonly [string, string][] {
  const names = ['header', 'encrypted key', 'IV', 'ciphertext', 'tag'];
  return token.split('.').map((part, index) => {
    const bytes = Buffer.from(part, 'base64url');
    const text =
      index === 0 ? bytes.toString('utf8') : `${bytes.length} bytes ${bytes.toString('hex').slice(0, 32)}`;
    return [names[index] ?? '', text];
  });
}

function chapter(title: string): void {
  console.log(`\n${title}`);
}

const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-tour-'));
try {
  const settings = readSettings({ PORT: '0', DATA_DIR: join(directory, 'data') });
  const gateway = await startGateway(settings, createAuditTrail({ sinks: [] }));
  try {
    await walk(gateway);
  } finally {
    await gateway.close();
  }
  console.log('\nThat is the tour. Start the gateway with: npm start');
} finally {
  await rm(directory, { recursive: true, force: true });
}
