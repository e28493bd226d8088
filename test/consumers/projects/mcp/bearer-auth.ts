// Prints how `requireBearerAuth()` of each SDK responds with `tokenVerifier()`, as JSON.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { requireBearerAuth as requireBearerAuth2 } from '@modelcontextprotocol/express';
import {
  AccessDeniedError,
  InvalidTokenError,
  ServerError,
} from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth as requireBearerAuth1 } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { OAuthError } from '@modelcontextprotocol/server';
import express, { type RequestHandler } from 'express';
import { createKeyRing, createTokenIssuer, TemporarilyUnavailableError } from 'passport-jwe';
import { type McpErrorCode, tokenVerifier } from 'passport-jwe/mcp';

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
const verifierOf = (createError: (code: McpErrorCode, message: string) => Error) =>
  tokenVerifier({ keyRing, issuer: ISSUER, audience: RESOURCE, revocations, createError });

const ERRORS = {
  invalid_token: InvalidTokenError,
  access_denied: AccessDeniedError,
  server_error: ServerError,
};
const settings = { expectedResource: new URL(RESOURCE), requiredScopes: ['notes:read'] };
const guards: readonly RequestHandler[] = [
  requireBearerAuth1({
    ...settings,
    verifier: verifierOf((code, message) => new ERRORS[code](message)),
  }),
  requireBearerAuth2({ ...settings, verifier: verifierOf((code, message) => new OAuthError(code, message)) }),
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
    return { status: response.status, body: await response.json() };
  };
  isAvailable = true;
  const answers: Record<string, unknown> = {};
  for (const [name, token] of Object.entries(tokens)) answers[name] = await send(token);
  isAvailable = false;
  results.push({ ...answers, outage: await send(tokens.valid) });
  server.close();
}
console.log(JSON.stringify(results));
