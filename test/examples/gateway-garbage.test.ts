import { expect, test } from '@jest/globals';
import express from 'express';
import { authenticate, createLimits, createMemoryStores, limitRequests } from 'passport-jwe';
import type { ModelEndpoint } from 'passport-jwe/api-keys';
import request from 'supertest';
import { anthropicMessages } from '../../examples/gateway/models/anthropic-messages.js';
import { type Course, followExchange } from '../../examples/gateway/models/follow-exchange.js';
import { openaiChat } from '../../examples/gateway/models/openai-chat.js';
import { openaiResponses } from '../../examples/gateway/models/openai-responses.js';
import type { ModelRequest, StreamMeter, WireFormat } from '../../examples/gateway/models/wire-format.js';
import { ownGettersOf } from '../support/own-getters.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

const endpoint: ModelEndpoint = {
  endpoint: 'http://127.0.0.1:1',
  providerModel: 'm',
  headers: new Map(),
  query: new Map(),
  requestUsage: false,
};

function meterOf<Asked extends ModelRequest>(format: WireFormat<Asked>, body: object): StreamMeter {
  return format.meter(format.read(body), endpoint, 1);
}

const messages = [{ role: 'user', content: 'a' }];

test.each([
  ['chats', () => meterOf(openaiChat, { model: 'm', messages })],
  ['responses', () => meterOf(openaiResponses, { model: 'm', input: 'a' })],
  ['messages', () => meterOf(anthropicMessages, { model: 'm', messages, max_tokens: 1 })],
])('the meter of streamed %s defines its getters in a class', (_name, create) => {
  expect(ownGettersOf(create())).toEqual([]);
});

test('the course of a request has no getters', async () => {
  const keyRing = await createRing();
  const tokens = authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
  const limits = createLimits({ stores: createMemoryStores() });
  const courses: Course[] = [];
  const app = express().get('/', tokens, limitRequests({ limits }), (req, res) => {
    const reserved = { inputTokens: 1, outputTokens: 1 };
    courses.push(followExchange({ req, res, model: 'm', reserved, choices: 1, onCompletion: () => {} }));
    res.end();
  });
  await request(app).get('/').auth(mintToken(keyRing), { type: 'bearer' }).expect(200);

  expect(courses.map(ownGettersOf)).toEqual([[]]);
});
