import { PassThrough } from 'node:stream';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { generateApiKey } from 'passport-jwe/api-keys';
import { createLogger } from '../../examples/gateway/observability/request-log.js';
import { rejectionOf } from '../support/caught.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';

const API_KEY = generateApiKey({ environment: 'canary' });
const MODEL_KEY = modelKey(['{ name: echo-1, endpoint: "echo:" }']);
const PUBLIC_URL = 'https://example.com/gateway';

/** Audit events and log lines. */
const records: string[] = [];
let gateway: ModelGateway;

beforeAll(async () => {
  gateway = await startModelGateway({
    keys: { demo: MODEL_KEY },
    apiKeyOf: () => API_KEY,
    environment: { PUBLIC_URL },
    observers: { logger: createLogger(new PassThrough().on('data', (line) => records.push(String(line)))) },
    sinks: [{ write: (event) => void records.push(JSON.stringify(event)) }],
  });
});

afterAll(() => gateway.close());

async function listModels(headers: Readonly<Record<string, string>>) {
  const answer = await fetch(`${gateway.origin}/v1/models`, { headers });
  const text = await answer.text();
  const { error } = JSON.parse(text);
  return { status: answer.status, challenge: answer.headers.get('WWW-Authenticate'), text, error };
}

const bearer = (credential: string) => listModels({ Authorization: `Bearer ${credential}` });

describe('a client that sends an API key as its token', () => {
  test('receives a 401 with the command that gets a token', async () => {
    const { status, challenge, error } = await bearer(API_KEY);

    expect(status).toBe(401);
    expect(challenge).toContain('error="invalid_token"');
    expect(error).toMatchObject({ type: 'authentication_error', code: 'invalid_token' });
    expect(error.message).toContain('looks like an API key');
    expect(error.message).toContain(
      'npx passport-jwe token get --url https://example.com/gateway/oauth/token --client KEY_ID',
    );
  });

  test('receives the same message for configured, unknown and mistyped API keys', async () => {
    const mistyped = `${API_KEY.slice(0, -1)}${API_KEY.endsWith('0') ? '1' : '0'}`;
    const credentials = [API_KEY, generateApiKey({ environment: 'canary' }), mistyped, 'secret'];
    const messages = await Promise.all(credentials.map(async (each) => (await bearer(each)).error.message));

    expect(new Set(messages).size).toBe(1);
  });

  test('receives the message in x-api-key too', async () => {
    expect((await listModels({ 'x-api-key': API_KEY })).error.message).toContain('looks like an API key');
  });

  test('never receives the API key back', async () => {
    expect((await bearer(API_KEY)).text).not.toContain('canary');
  });

  test('never causes a log line or an audit event with the API key', async () => {
    await bearer(API_KEY);
    const written = records.join('\n');

    expect(written).toContain('token.refused');
    expect(written).not.toContain(API_KEY.slice(-38));
  });

  test.each(['sk-proj-canary', 'sk-ant-api03-canary'])('learns that %s is for a provider', async (key) => {
    const { status, text, error } = await bearer(key);

    expect(status).toBe(401);
    expect(error.message).toContain('the API key of a model provider, which the gateway never accepts');
    expect(text).not.toContain('canary');
  });

  test('is distinct from a client with an invalid token', async () => {
    expect((await bearer('a.b.c.d.e')).error.message).toBe('The access token is not valid');
  });

  test('sees the message in the errors of the official clients', async () => {
    const openai = new OpenAI({ baseURL: `${gateway.origin}/v1`, apiKey: API_KEY, maxRetries: 0 });
    const anthropic = new Anthropic({ baseURL: gateway.origin, apiKey: API_KEY, maxRetries: 0 });
    const failures = [
      await rejectionOf(openai.models.list()),
      await rejectionOf(anthropic.messages.countTokens({ model: 'echo-1', messages: [] })),
    ];

    for (const failure of failures) {
      expect(failure).toMatchObject({ status: 401, message: expect.stringContaining('token get --url') });
    }
  });
});
