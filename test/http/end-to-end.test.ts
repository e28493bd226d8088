import { describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import { authenticate, requireScope, tokenRouter, verifiedToken } from 'passport-jwe';
import request from 'supertest';
import { loadFiles, readEnterpriseFile } from '../support/api-key-files.js';
import { createRing } from '../support/tokens.js';

const ORIGIN = 'https://gateway.example.com';
const ENVIRONMENT = { OPENAI_API_KEY: 'sk-openai-canary', ANTHROPIC_API_KEY: 'sk-anthropic-canary' };

async function createGateway(yaml: string): Promise<Express> {
  const keyRing = await createRing();
  const apiKeys = await loadFiles({ 'api_key_enterprise.yaml': yaml }, ENVIRONMENT);
  const service = { keyRing, issuer: ORIGIN, audience: ORIGIN };
  const app = express();
  app.use('/oauth', tokenRouter({ ...service, apiKeys }));
  app.get('/documents', authenticate(service), requireScope('read:documents'), (req, res) => {
    res.json(verifiedToken(req, 'tiered_model_exec').claims);
  });
  return app;
}

function exchange(app: Express) {
  return request(app)
    .post('/oauth/token')
    .auth('enterprise-customer-api-key', 'sk-enterprise-001')
    .type('form')
    .send({
      grant_type: 'client_credentials',
    });
}

describe('the enterprise example', () => {
  const original = readEnterpriseFile();

  test('is rejected unchanged, because it expired at the end of 2025', async () => {
    const answer = await exchange(await createGateway(await original));

    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  test('works from its YAML file to a guarded route with a later expiry date', async () => {
    const app = await createGateway((await original).replace('2025-12-31', '2999-12-31'));
    const issued = await exchange(app);
    const answer = await request(app).get('/documents').auth(issued.body.access_token, { type: 'bearer' });

    expect(issued.status).toBe(200);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      scope: 'read:documents write:documents execute:models admin:configurations',
      permissions: ['read:documents', 'write:documents', 'execute:models', 'admin:configurations'],
      allowed_models: ['gpt-4', 'claude-3'],
      rate_limits: {
        requests_per_minute: 100,
        tokens_per_minute: 50_000,
        requests_per_hour: 5000,
        concurrent_requests: 10,
      },
      metadata: { customer_id: 'cust_12345', tier: 'enterprise' },
    });
    expect(JSON.stringify(answer.body)).not.toContain('canary');
  });

  test('shows the client nothing but algorithms and an opaque key ID', async () => {
    const app = await createGateway((await original).replace('2025-12-31', '2999-12-31'));
    const { body } = await exchange(app);
    const parts = String(body.access_token)
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'));

    expect(JSON.parse(parts[0] ?? '')).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      kid: expect.stringMatching(/^[\w-]{22}$/),
      typ: 'at+jwt',
    });
    expect(parts.join('')).not.toMatch(/enterprise|cust_12345|gpt-4|documents/i);
  });
});
