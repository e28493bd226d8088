import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../support/connections.js';
import { describeWithPackages } from '../../support/describe-with-packages.js';
import type { UpstreamRequest } from '../../support/recording-upstream.js';
import { type AiClient, startAiClient } from './ai-client.js';
import { type AiGateway, PROVIDER_KEY, startAiGateway } from './ai-gateway.js';
import { AI_PACKAGES, type AiProject, createAiProject } from './ai-project.js';
import { VECTOR } from './answers/embeddings-answer.js';
import { type ModelTurn, type ProviderError, SERVED } from './answers/model-turn.js';

/** Client whose behaviours the tests describe. */
export interface AiClientCase {
  readonly name: string;
  /** Program in `programs/`. */
  readonly program: string;
  /** Path of the requests that reach the provider. */
  readonly path: string;
  readonly aliases?: Readonly<Record<string, string>>;
  /** Environment variables of the program, beside those of the guide. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether the program has the behaviour `embed`. */
  readonly embeds?: boolean;
  /** Name of the error for each status. */
  readonly errors: Readonly<Record<400 | 401 | 403 | 429 | 503, string>>;
  /** Requests to the provider that asks for 120 seconds of patience. Default: 1. */
  readonly callsIfLimited?: number;
  /** Requests to an overloaded provider, with the retries of the gateway. Default: 3. `undefined`: takes a minute. */
  readonly callsIfOverloaded?: number | undefined;
}

const PROMPT = 'Describe the harbour of “Tromsø” in five words';
const DELTAS = ['The', ' harbour', ' lights,', ' seen', ' twice.'];
const TEXT = { kind: 'text', text: DELTAS.join('') } as const;
const HELD = { kind: 'held', text: DELTAS.join('') } as const;
const CALL = { kind: 'tool', name: 'get_weather', input: { city: 'Tromsø' } } as const;
const SETTLED = { inputTokens: SERVED.input, outputTokens: SERVED.output };

const INVALID: ProviderError = {
  ...{ kind: 'error', status: 400, type: 'invalid_request_error' },
  message: 'Unsupported value: temperature',
};
const LIMITED: ProviderError = {
  ...{ kind: 'error', status: 429, type: 'rate_limit_error', message: 'Rate limit reached' },
  headers: { 'retry-after': '120' },
};
const OVERLOADED: ProviderError = {
  ...{ kind: 'error', status: 503, type: 'overloaded_error', message: 'Overloaded' },
};

/** Describes the same behaviours of each client. Clients run on Node.js 24, with the packages in `package.json`. */
export function describeAiClients(cases: readonly AiClientCase[]): void {
  for (const each of cases) describeOnNode24(each.name, () => defineTests(each));
}

/** Runs tests that need Node.js 24 and the packages. On older versions, prints the skipped tests. */
export function describeOnNode24(name: string, tests: () => void): void {
  if (Number(process.versions.node.split('.')[0]) < 24) {
    process.stderr.write(`\n*** SKIPPED (Node.js 24): ${name}\n`);
    describe.skip(name, tests);
    return;
  }
  const areInstalled = existsSync(AI_PACKAGES);
  const packages = { installer: 'npm --prefix', packages: 'test/clients/ai ci', areInstalled };
  describeWithPackages(packages, name, tests);
}

function defineTests(each: AiClientCase): void {
  const { program, path, aliases, environment, errors, callsIfLimited = 1 } = each;
  const callsIfOverloaded = 'callsIfOverloaded' in each ? each.callsIfOverloaded : 3;
  let project: AiProject;
  let gateway: AiGateway;
  let client: AiClient;

  const start = (to: AiGateway): Promise<AiClient> =>
    startAiClient(project, program, { ...to.environment, ...environment });

  beforeAll(async () => {
    project = await createAiProject(aliases);
    gateway = await startAiGateway();
    client = await start(gateway);
  });

  afterAll(async () => {
    await client?.close();
    await gateway?.close();
    await project?.remove();
  });

  /** Plays turns, runs a behaviour, and returns what the client saw and what the provider received. */
  async function observe<Name extends Parameters<AiClient['run']>[0]>(
    turns: readonly ModelTurn[],
    behaviour: Name,
    input: object | string = { prompt: PROMPT },
  ) {
    const settledBefore = gateway.completions.length;
    gateway.provider.play(...turns);
    const seen = await client.run(behaviour, input);
    const requests = gateway.provider.requests.slice();
    const completions = () => gateway.completions.slice(settledBefore);
    return { seen, requests, completions };
  }

  test('receives a response, and its usage is settled', async () => {
    const { seen, requests, completions } = await observe([TEXT], 'text');

    expect(seen).toEqual({ value: TEXT.text });
    expect(requests.map(summarize)).toEqual([{ path, model: 'echo-1', stream: false, hasPrompt: true }]);
    expect(completions()).toMatchObject([{ outcome: 'completed', ...SETTLED }]);
  });

  test('receives the deltas of a stream, and its usage is settled', async () => {
    const { seen, requests, completions } = await observe([TEXT], 'stream');

    expect(seen).toEqual({ value: DELTAS });
    expect(requests.map(summarize)).toEqual([{ path, model: 'echo-1', stream: true, hasPrompt: true }]);
    await until(() => completions().length > 0);
    expect(completions()).toMatchObject([{ outcome: 'completed', ...SETTLED }]);
  });

  test.each(['tools', 'streamedTools'] as const)('runs a tool for the model: %s', async (behaviour) => {
    const { seen, requests, completions } = await observe([CALL, TEXT], behaviour);

    expect(seen).toEqual({ value: { text: TEXT.text, inputs: [CALL.input] } });
    expect(requests[0]?.body).toContain('get_weather');
    expect(requests.map(({ body }) => body.includes('overcast'))).toEqual([false, true]);
    await until(() => completions().length > 1);
    expect(completions()).toMatchObject([SETTLED, SETTLED]);
  });

  test('runs a tool with a key that limits functions to this tool', async () => {
    const limited = await startAiGateway([CALL.name]);
    const limitedClient = await start(limited);
    limited.provider.play(CALL, TEXT);
    const seen = await limitedClient.run('streamedTools', { prompt: PROMPT });
    await limitedClient.close();
    await limited.close();

    expect(seen).toEqual({ value: { text: TEXT.text, inputs: [CALL.input] } });
  });

  if (each.embeds === true) {
    test('receives the embedding of a string, and its usage is settled', async () => {
      const { seen, completions } = await observe([TEXT], 'embed');

      expect(seen).toEqual({ value: VECTOR });
      expect(completions()).toMatchObject([{ inputTokens: SERVED.input, outputTokens: 0 }]);
    });
  }

  test('receives the message of the provider for an invalid request, which costs nothing', async () => {
    const { seen, requests, completions } = await observe([INVALID], 'text');

    expect(seen).toEqual(failureOf(errors, 400, INVALID.message));
    expect(requests).toHaveLength(1);
    expect(completions()).toMatchObject([{ outcome: 'refused', inputTokens: 0, outputTokens: 0 }]);
  });

  test('receives the rate limit of the provider, and sends few further requests', async () => {
    const { seen, requests } = await observe([LIMITED], 'text');

    expect(seen).toEqual(failureOf(errors, 429, 'limits the request rate'));
    expect(requests).toHaveLength(callsIfLimited);
  });

  if (callsIfOverloaded !== undefined) {
    test('does not multiply the retries of the gateway', async () => {
      const { seen, requests } = await observe([OVERLOADED], 'text');

      expect(seen).toEqual(failureOf(errors, 503, 'overloaded'));
      expect(requests).toHaveLength(callsIfOverloaded);
    });
  }

  test('receives a 403 for a model that its token does not allow', async () => {
    const { seen, requests } = await observe([TEXT], 'text', { prompt: PROMPT, model: 'gpt-4o' });

    expect(seen).toEqual(failureOf(errors, 403, 'model'));
    expect(requests).toHaveLength(0);
  });

  test('receives a 401 for an expired token', async () => {
    const { seen, requests } = await observe([TEXT], 'textWith', await gateway.expiredToken());

    expect(seen).toEqual(failureOf(errors, 401, 'expired'));
    expect(requests).toHaveLength(0);
  });

  test('continues with a new token after its token was revoked', async () => {
    const { value: token } = await client.run('token', {});
    await gateway.revoke(token);
    const { seen, requests } = await observe([TEXT], 'text');

    expect(seen).toEqual({ value: TEXT.text });
    expect(requests).toHaveLength(1);
    expect((await client.run('token', {})).value).not.toBe(token);
  });

  test('closes the connection to the provider when it aborts a stream, and pays for the output so far', async () => {
    const { seen, completions } = await observe([HELD], 'abort');
    const leftAt = await gateway.provider.untilLeft();
    await until(() => completions().length > 0);

    expect(seen.value).toMatchObject({ delta: 'The' });
    expect(leftAt - seen.value.abortedAt).toBeLessThan(1000);
    expect(completions()).toMatchObject([{ outcome: 'client_left' }]);
    expect(completions()[0]?.outputTokens).toBeGreaterThan(0);
    expect(completions()[0]?.outputTokens).toBeLessThan(SERVED.output);
  });
}

/** Members of a request that the client decides, without credentials of the client. */
function summarize({ path, body, headers }: UpstreamRequest) {
  expect(headers.authorization ?? headers['x-api-key']).toContain(PROVIDER_KEY);
  expect(JSON.stringify(headers) + body).not.toContain('eyJ');
  const { model, stream = false } = JSON.parse(body);
  return { path, model, stream, hasPrompt: body.includes(PROMPT) };
}

function failureOf(errors: AiClientCase['errors'], status: keyof AiClientCase['errors'], message: string) {
  return { failure: { name: errors[status], status, message: expect.stringContaining(message) } };
}
