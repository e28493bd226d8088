import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { rejectionOf } from '../support/caught.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import {
  type RecordingUpstream,
  replyJson,
  replyStream,
  startRecordingUpstream,
} from '../support/recording-upstream.js';

const PROVIDER_KEY = 'pk-canary-0123456789';

let provider: RecordingUpstream;
let gateway: ModelGateway;
let token = '';

beforeAll(async () => {
  provider = await startRecordingUpstream();
  const endpoint = `endpoint: "${provider.origin}/v1/responses", api_key: ${PROVIDER_KEY}`;
  gateway = await startModelGateway({
    keys: { demo: modelKey([`{ name: agent, ${endpoint} }`], ', tokens_per_month: 100000000') },
  });
  token = await gateway.tokenOf('demo');
});

afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const event = (type: string, members: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...members, sequence_number: 0 })}\n\n`;

const CREATED = event('response.created', { response: { status: 'in_progress', error: null, usage: null } });
const HELLO = event('response.output_text.delta', { output_index: 0, delta: 'Hello there' });
const USAGE = {
  ...{ input_tokens: 30, output_tokens: 20, total_tokens: 50 },
  input_tokens_details: { cached_tokens: 10 },
  output_tokens_details: { reasoning_tokens: 15 },
};
const COMPLETED = event('response.completed', { response: { status: 'completed', usage: USAGE } });

/** Streams these events through the gateway, and returns the text that the client receives. */
async function relay(...events: readonly string[]): Promise<string> {
  provider.answer(replyStream(...events));
  return (await post('"stream":true')).text();
}

function post(members: string): Promise<Response> {
  return fetch(`${gateway.origin}/v1/responses`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: `{"model":"agent","input":"Hi",${members}}`,
  });
}

const last = () => gateway.completions.at(-1);

describe('a stream of responses', () => {
  test.each([
    ['response.completed', { outcome: 'completed' }],
    ['response.incomplete', { outcome: 'completed' }],
  ])('passes byte for byte, and is complete after %s without [DONE]', async (type, outcome) => {
    const events = [': comment\n\n', CREATED, HELLO, event(type, { response: { usage: USAGE } })];

    expect(await relay(...events)).toBe(events.join(''));
    expect(last()).toMatchObject(outcome);
  });

  test('is charged as the provider reports it, with cached and reasoning tokens', async () => {
    await relay(CREATED, HELLO, COMPLETED);

    expect(last()).toMatchObject({
      ...{ inputTokens: 30, outputTokens: 20, cachedTokens: 10, reasoningTokens: 15 },
    });
  });

  test('without usage is charged for the deltas of texts, reasoning and calls', async () => {
    const delta = (type: string): string => event(type, { delta: 'four' });
    await relay(
      ...['output_text', 'refusal', 'reasoning_summary_text', 'function_call_arguments'].map((each) =>
        delta(`response.${each}.delta`),
      ),
      ...[delta('response.custom_tool_call_input.delta'), delta('response.audio.delta')],
      ...[event('response.output_text.done', { text: 'four' }), event('response.completed', {})],
    );

    expect(last()).toMatchObject({ outcome: 'completed', outputTokens: 5 });
  });

  test('that ends early has the event error, which keeps its preceding events', async () => {
    const text = await relay(CREATED, HELLO);

    expect(text.startsWith(CREATED + HELLO)).toBe(true);
    expect(text).toMatch(
      /event: error\ndata: \{"type":"error","error":\{"type":"api_error".*"sequence_number":0\}/,
    );
    expect(last()).toMatchObject({ outcome: 'broken', outputTokens: 3 });
  });

  test('passes response.failed with its code and usage, without the secrets of the endpoint', async () => {
    const failed = (message: string): string =>
      event('response.failed', {
        response: { status: 'failed', usage: USAGE, error: { code: 'rate_limit_exceeded', message } },
      });
    const text = await relay(CREATED, failed(`Key ${PROVIDER_KEY} must wait 2s`), HELLO);

    expect(text).toBe(CREATED + failed('Key [secret] must wait 2s'));
    expect(last()).toMatchObject({ outcome: 'broken', inputTokens: 30, outputTokens: 20 });
  });

  test('passes an error event without a secret whose characters are escaped', async () => {
    const escaped = `\\u${PROVIDER_KEY.charCodeAt(0).toString(16).padStart(4, '0')}${PROVIDER_KEY.slice(1)}`;
    const error = `event: error\nid: 7\ndata: {"type":"error", "message":"Key ${escaped}"}\n\n`;
    const text = await relay(CREATED, error);

    expect(text).toBe(`${CREATED}event: error\nid: 7\ndata: {"type":"error","message":"Key [secret]"}\n\n`);
  });

  test.each([
    ['nested', { error: { type: 'overloaded_error', code: 'slow_down', message: 'Wait' } }],
    ['flat', { code: 'slow_down', message: 'Wait', param: null }],
  ])('passes an error event with %s details, and ends', async (_form, details) => {
    const error = event('error', details);

    expect(await relay(CREATED, error, HELLO)).toBe(CREATED + error);
    expect(last()).toMatchObject({ outcome: 'broken' });
  });

  test('with a malformed event ends with an error of the gateway', async () => {
    const text = await relay(CREATED, 'data: canary\n\n');

    expect(text).toContain('provider_failed');
    expect(text).not.toContain('canary');
  });

  test('that breaks raises the error of the type of the provider in the official client', async () => {
    const error = { type: 'overloaded_error', code: 'slow_down', message: 'Wait' };
    provider.answer(replyStream(CREATED, event('error', { error })));
    const client = new OpenAI({ baseURL: `${gateway.origin}/v1`, apiKey: token, maxRetries: 0 });
    const read = async (): Promise<void> => {
      for await (const { type } of await client.responses.create({
        model: 'agent',
        input: 'Hi',
        stream: true,
      })) {
        expect(type).toBe('response.created');
      }
    };
    const failure = await rejectionOf(read());

    expect(failure).toBeInstanceOf(OpenAI.APIError);
    expect(failure).toMatchObject({ type: 'overloaded_error', code: 'slow_down' });
  });
});

describe('a whole response', () => {
  test('passes byte for byte, and is charged as the provider reports it', async () => {
    provider.answer(replyJson({ id: 'resp_1', usage: USAGE }));
    const answer = await post('"store":false');

    expect(await answer.text()).toBe(JSON.stringify({ id: 'resp_1', usage: USAGE }));
    expect(last()).toMatchObject({
      ...{ inputTokens: 30, outputTokens: 20, cachedTokens: 10, reasoningTokens: 15 },
    });
  });

  test('without usage is charged for the texts, the reasoning and the calls', async () => {
    const output = [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'four' }] },
      { type: 'message', content: [{ type: 'output_text', text: 'four' }, { refusal: 'four' }] },
      { type: 'function_call', name: 'four', arguments: 'four', call_id: 'not counted' },
      { type: 'custom_tool_call', input: 'four' },
    ];
    provider.answer(replyJson({ output }));
    await post('"store":false');

    expect(last()).toMatchObject({ outcome: 'completed', outputTokens: 6 });
  });
});
