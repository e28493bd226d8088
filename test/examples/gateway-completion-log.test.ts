import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../examples/gateway/observability/request-log.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.js';

const USAGE = {
  ...{ prompt_tokens: 30, completion_tokens: 20 },
  prompt_tokens_details: { cached_tokens: 12 },
  completion_tokens_details: { reasoning_tokens: 7 },
};

const lines: string[] = [];
let provider: RecordingUpstream;
let gateway: ModelGateway;

beforeAll(async () => {
  provider = await startRecordingUpstream();
  const destination = new PassThrough().on('data', (chunk) => lines.push(String(chunk)));
  const model = `{ name: gpt, endpoint: "${provider.origin}/v1/chat/completions", api_key: sk-provider }`;
  gateway = await startModelGateway({
    keys: { demo: `${modelKey([model])}users: true\n` },
    observers: { logger: createLogger(destination) },
  });
});

afterAll(async () => {
  await gateway.close();
  await provider.close();
});

beforeEach(() => void lines.splice(0));

/** Sends a chat as the user alice. Returns the log line of its completion, and the ID in the response. */
async function chat(status: number, headers: Readonly<Record<string, string>>) {
  provider.answer((res) => {
    res.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    res.end(JSON.stringify({ choices: [{ message: { content: 'Hello' } }], usage: USAGE }));
  });
  const token = await gateway.tokenOf('demo', { user: 'alice' });
  const answer = await fetch(`${gateway.origin}/v1/chat/completions`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await answer.text();
  const entries = lines.map((line) => JSON.parse(line));
  return {
    requestId: answer.headers.get('x-request-id'),
    entry: entries.find(({ msg }) => msg === 'completion'),
  };
}

describe('the log line of a request to a model', () => {
  test('contains the subject, the model, the tokens and the request ID of the provider', async () => {
    const { requestId, entry } = await chat(200, { 'x-request-id': 'req_011CSHoEeqs5' });

    expect(entry).toMatchObject({
      ...{ request_id: requestId, client_id: 'demo', subject: 'alice', model: 'gpt' },
      ...{ input_tokens: 30, output_tokens: 20, cached_tokens: 12, reasoning_tokens: 7 },
      ...{ provider_request_id: 'req_011CSHoEeqs5', outcome: 'completed' },
    });
  });

  test('contains the request ID of a provider that rejected the request', async () => {
    const { entry } = await chat(400, { 'request-id': 'req_anthropic' });

    expect(entry).toMatchObject({ provider_request_id: 'req_anthropic', outcome: 'refused' });
  });

  test('omits a request ID with unusual characters', async () => {
    const { entry } = await chat(200, { 'x-request-id': 'id "with" {characters}' });

    expect(entry).toMatchObject({ outcome: 'completed' });
    expect(entry).not.toHaveProperty('provider_request_id');
  });
});
