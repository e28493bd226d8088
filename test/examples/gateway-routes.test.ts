import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';

let gateway: ModelGateway;
let token = '';

beforeAll(async () => {
  gateway = await startModelGateway({ keys: { demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) } });
  token = await gateway.tokenOf('demo');
});

afterAll(() => gateway.close());

async function send(method: string, path: string) {
  const answer = await fetch(gateway.origin + path, {
    method,
    headers: { Authorization: `Bearer ${token}` },
  });
  const { error } = JSON.parse((await answer.text()) || '{}');
  return { status: answer.status, allow: answer.headers.get('allow'), ...error };
}

const SUPPORTED =
  'Supported routes: POST /v1/chat/completions, POST /v1/responses, POST /v1/embeddings, POST /v1/messages, POST /v1/messages/count_tokens, GET /v1/models, GET /v1/models/:id';

test('unsupported routes are answered with a reason and the supported routes', async () => {
  const routes = [
    ['GET /v1/responses/resp_1', 'Stored responses belong to the provider account'],
    ['DELETE /v1/responses/resp_1', 'Stored responses belong to the provider account'],
    ['POST /v1/responses/resp_1/cancel', 'Stored responses belong to the provider account'],
    ['GET /v1/responses/resp_1/input_items', 'Stored responses belong to the provider account'],
    ['POST /v1/responses/compact', 'does not compact responses'],
    ['POST /v1/responses/input_tokens', 'does not count the tokens of responses'],
    ['POST /v1/conversations', 'Conversations belong to the provider account'],
    ['GET /v1/chat/completions/c1', 'Stored chats belong to the provider account'],
    ['POST /v1/completions', 'does not serve text completions'],
    ['POST /v1/complete', 'does not serve text completions'],
    ['POST /v1/images/generations', 'does not generate images'],
    ['POST /v1/audio/speech', 'does not process audio'],
    ['POST /v1/videos', 'does not generate videos'],
    ['POST /v1/files', 'Files belong to the provider account'],
    ['GET /v1/files/f1/content', 'Files belong to the provider account'],
    ['POST /v1/vector_stores', 'Files belong to the provider account'],
    ['POST /v1/moderations', 'does not moderate content'],
    ['POST /v1/batches', 'does not process batches'],
    ['POST /v1/messages/batches', 'does not process batches'],
    ['POST /v1/embeddings/batch', 'one model at a time'],
    ['POST /v1/threads/t1/runs', 'does not serve assistants'],
    ['POST /v1/assistants', 'does not serve assistants'],
    ['GET /v1/realtime', 'does not serve real-time sessions'],
    ['POST /v1/fine_tuning/jobs', 'does not manage the provider account'],
  ];
  const wrong: string[] = [];
  for (const [route = '', reason = ''] of routes) {
    const [method = '', path = ''] = route.split(' ');
    const { status, code, type, message } = await send(method, path);
    const isFitting = status === 404 && code === 'unsupported_route' && type === 'not_found_error';
    if (!isFitting || !message.includes(reason) || !message.endsWith(SUPPORTED)) {
      wrong.push(`${route}: ${status} ${code} ${message}`);
    }
  }

  expect(wrong).toEqual([]);
});

test('an unknown route is answered with the supported routes, without its path', async () => {
  expect(await send('GET', '/v1/canary-42')).toMatchObject({
    ...{ status: 404, code: 'unknown_route' },
    message: `The requested route does not exist. ${SUPPORTED}`,
  });
});

/** Asks for a WebSocket, which `fetch` cannot do. */
async function askForWebSocket(credentials: object): Promise<IncomingMessage> {
  const asking = request(`${gateway.origin}/v1/responses`, {
    headers: {
      ...{ Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
      ...{ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', ...credentials },
    },
  });
  asking.end();
  const [answer]: IncomingMessage[] = await once(asking, 'response');
  if (answer === undefined) throw new Error('The gateway did not answer');
  answer.resume();
  return answer;
}

test('a WebSocket for responses is rejected with 426, so that clients continue with HTTP at once', async () => {
  const { statusCode, headers } = await askForWebSocket({ Authorization: `Bearer ${token}` });

  expect(statusCode).toBe(426);
  expect(headers).toMatchObject({ upgrade: 'HTTP/1.1', connection: 'Upgrade' });
});

test('a WebSocket for responses requires a token, like all routes', async () => {
  expect((await askForWebSocket({})).statusCode).toBe(401);
});

test.each([
  ['GET', '/v1/chat/completions', 'POST'],
  ['GET', '/v1/responses', 'POST'],
  ['DELETE', '/v1/responses/', 'POST'],
  ['PUT', '/v1/embeddings', 'POST'],
  ['GET', '/v1/messages', 'POST'],
  ['PATCH', '/v1/messages/count_tokens', 'POST'],
  ['POST', '/v1/models', 'GET, HEAD'],
  ['DELETE', '/v1/models/echo-1', 'GET, HEAD'],
])('%s %s is answered 405 with the allowed methods', async (method, path, allow) => {
  expect(await send(method, path)).toMatchObject({ status: 405, code: 'method_not_allowed', allow });
});
