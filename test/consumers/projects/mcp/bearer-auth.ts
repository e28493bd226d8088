// Prints how `requireBearerAuth()` of each SDK responds with `tokenVerifier()`, as JSON.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import express, { type RequestHandler } from 'express';
import { createKeyRing, createTokenIssuer, TemporarilyUnavailableError } from 'passport-jwe';
import * as sdk1 from './bearer-auth-1.js';
import * as sdk2 from './bearer-auth-2.js';

const ISSUER = 'https://auth.example.com';
const RESOURCE = 'https://mcp.example.com/mcp';
const ARCHIVE = 'https://mcp.example.com/archive';

const keyRing = await createKeyRing({ current: { secret: randomBytes(32) } });
const issuer = createTokenIssuer({ keyRing, issuer: ISSUER, audience: RESOURCE });
let isAvailable = true;
const revocations = {
  isRevoked: async () => {
    if (!isAvailable) throw new TemporarilyUnavailableError();
    return false;
  },
};
const accept = { keyRing, issuer: ISSUER, audience: RESOURCE, revocations };
const guards: readonly RequestHandler[] = [
  sdk1.requireToken(RESOURCE, accept),
  sdk2.requireToken(RESOURCE, accept),
];

const issue = async (options: object, by = issuer) =>
  (await by.issue({ subject: 'alice', scope: ['notes:read'], ...options })).token;
const tokens = {
  valid: await issue({}),
  narrow: await issue({ scope: [] }),
  otherResource: await issue({}, createTokenIssuer({ keyRing, issuer: ISSUER, audience: ARCHIVE })),
  bound: await issue({ confirmation: { jkt: 'A'.repeat(43) } }),
};

const results = [];
for (const guard of guards) {
  const app = express().get('/', guard, (req, res) => void res.json(Reflect.get(req, 'auth')));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const send = async (token: string) => {
    const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const response = await fetch(origin, { headers: { authorization: `Bearer ${token}` } });
    const challenge = response.headers.get('www-authenticate');
    return { status: response.status, challenge, body: await response.json() };
  };
  isAvailable = true;
  const answers: Record<string, unknown> = {};
  for (const [name, token] of Object.entries(tokens)) answers[name] = await send(token);
  isAvailable = false;
  results.push({ ...answers, outage: await send(tokens.valid) });
  server.close();
}
console.log(JSON.stringify(results));
