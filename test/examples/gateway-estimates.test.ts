import { describe, expect, test } from '@jest/globals';
import { anthropicMessages } from '../../examples/gateway/models/anthropic-messages.js';
import { estimateInput } from '../../examples/gateway/models/estimate-input.js';
import { openaiChat } from '../../examples/gateway/models/openai-chat.js';
import { openaiResponses } from '../../examples/gateway/models/openai-responses.js';
import { EmissionCounter, estimateOutput } from '../../examples/gateway/models/token-usage.js';

const mediaTokens = { image: 10_000, audio: 200_000, file: 3_000_000 };
const estimate = (...parts: readonly unknown[]): number => estimateInput(...parts)({ mediaTokens });

const base64 = (kilobytes: number): string => 'A'.repeat(1024 * kilobytes);

/** Content parts by the kind of media, as a function of their data. */
const PARTS: Readonly<Record<keyof typeof mediaTokens, readonly ((data: string) => object)[]>> = {
  image: [
    (data) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${data}`, detail: 'high' } }),
    (data) => ({ type: 'image_url', image_url: { url: `https://example.com/${data}` } }),
    (data) => ({ type: 'input_image', image_url: `data:image/png;base64,${data}` }),
    () => ({ type: 'input_image', file_id: 'file_1' }),
    (data) => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }),
    (data) => ({ type: 'image', source: { type: 'url', url: data } }),
    () => ({ type: 'image', source: { type: 'file', file_id: 'file_1' } }),
    (data) => ({ type: 'computer_screenshot', image_url: data }),
    (data) => ({ type: 'image_generation_call', result: data }),
  ],
  audio: [(data) => ({ type: 'input_audio', input_audio: { data, format: 'wav' } })],
  file: [
    (data) => ({ type: 'file', file: { filename: 'a.pdf', file_data: data } }),
    () => ({ type: 'file', file: { file_id: 'file_1' } }),
    (data) => ({ type: 'input_file', filename: 'a.pdf', file_data: data }),
    (data) => ({
      type: 'document',
      title: 'a',
      source: { type: 'base64', media_type: 'application/pdf', data },
    }),
    (data) => ({ type: 'document', source: { type: 'url', url: data } }),
    () => ({ type: 'container_upload', file_id: 'file_1' }),
    (data) => ({ type: 'video_url', video_url: { url: data } }),
  ],
};

describe.each(['image', 'audio', 'file'] as const)('an estimate of the input with an %s', (kind) => {
  const parts = PARTS[kind];

  test('counts the rate of the model, and no base64 data', () => {
    const different = parts.filter((part) => {
      const [small, large] = [estimate(part(base64(1))), estimate(part(base64(200)))];
      return small !== large || small < mediaTokens[kind] || small > mediaTokens[kind] + 30;
    });

    expect(different.map((part) => part('data'))).toEqual([]);
  });

  test('counts each of them, also in results of tools and with text', () => {
    const nested = parts.map((part) => [
      { role: 'user', content: [part('a'), { type: 'text', text: 't'.repeat(400) }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [part('b')] }] },
      { type: 'function_call_output', call_id: 'c', output: [part('c')] },
    ]);
    const different = nested.filter((items) => {
      const text = estimate(items) - 3 * mediaTokens[kind];
      return text < 100 || text > 250;
    });

    expect(different).toEqual([]);
  });
});

describe('an estimate of the input', () => {
  test('counts the text of documents, and media within them', () => {
    const text = {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: 'd'.repeat(4000) },
    };
    const [image] = PARTS.image.map((part) => part(base64(1)));
    const content = { type: 'document', source: { type: 'content', content: [image] } };

    expect(estimate(text)).toBe(Math.ceil(JSON.stringify(text).length / 4));
    expect(estimate(content)).toBeGreaterThanOrEqual(mediaTokens.image);
    expect(estimate(content)).toBeLessThan(mediaTokens.image + 60);
  });

  test('counts each Chinese character as three bytes, in names as in values', () => {
    const text = { 漢字: '漢'.repeat(400) };

    expect(estimate(text)).toBe(Math.ceil(Buffer.byteLength(JSON.stringify(text)) / 4));
  });

  test.each([
    { type: 'thinking', thinking: 'aaaa', signature: base64(9) },
    { type: 'redacted_thinking', data: base64(9) },
    { type: 'reasoning', summary: [], encrypted_content: base64(9) },
  ])('does not count signatures and encrypted reasoning: $type', (part) => {
    expect(estimate(part)).toBeLessThan(30);
  });

  test('counts the text of an object that pretends to be an image', () => {
    expect(estimate({ type: 'image_url', role: 'user', content: 'c'.repeat(4000) })).toBeGreaterThan(1000);
  });

  test.each([
    ['input', { type: 'tool_use', id: 't', name: 'f' }],
    ['parameters', { type: 'function', name: 'f' }],
    ['input_schema', { name: 'f' }],
    ['schema', { type: 'json_schema', name: 'f' }],
  ])('counts JSON of the application in %s by its length, also if it resembles media', (member, part) => {
    const disguised = [
      { type: 'image', source: 's'.repeat(4000) },
      { type: 'reasoning', data: [{ type: 'file', file: 'f'.repeat(4000) }] },
    ];
    const whole = { ...part, [member]: disguised };

    expect(estimate(whole)).toBe(Math.ceil(JSON.stringify(whole).length / 4));
  });

  test.each([
    [openaiChat, 'response_format'],
    [openaiChat, 'prediction'],
    [anthropicMessages, 'output_config'],
    [anthropicMessages, 'output_format'],
    [openaiResponses, 'text'],
  ])('counts what the provider reads beside the messages: %#, %s', (format, member) => {
    const body = { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }], input: 'Hi' };
    const asked = format.read({ ...body, [member]: { type: 'content', content: 'c'.repeat(4000) } });

    expect(asked.inputEstimate({ mediaTokens })).toBeGreaterThan(1000);
  });

  test('estimates schemas of tools with a property "type" or "image_url" by their length', () => {
    const schema = {
      type: 'object',
      properties: { type: { type: 'string' }, image_url: { type: 'string' } },
    };

    expect(estimate([{ name: 'f', input_schema: schema }])).toBeLessThan(100);
  });

  test.each([
    ['chats', openaiChat],
    ['messages', anthropicMessages],
  ] as const)('of 10 MB of tiny values takes linear time in %s', (_what, format) => {
    const cpuMicros = (count: number): number => {
      const content = Array.from({ length: count }, () => ({ type: 'text', a: 1 }));
      const before = process.cpuUsage();
      const asked = format.read({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content }] });
      expect(asked.inputEstimate({ mediaTokens })).toBeGreaterThan(4 * count);
      return process.cpuUsage(before).user;
    };

    // Ten times the values: 10 in linear time, 100 in quadratic time.
    expect(cpuMicros(450_000) / cpuMicros(45_000)).toBeLessThan(40);
  });
});

test('an estimate of the output counts one token per 4 bytes of UTF-8, whole and streamed', () => {
  const streamed = new EmissionCounter();
  streamed.add('漢'.repeat(400));

  expect([streamed.tokens, estimateOutput(['漢'.repeat(400)])]).toEqual([300, 300]);
});
