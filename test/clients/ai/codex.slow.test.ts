import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  createWaitingPipe,
  findLeaks,
  HELD,
  INVALID,
  interruptWhenAnswered,
  LIMITED,
  modelRequests,
  SETTLED,
  TEXT,
  usedTokens,
} from './agent-cases.js';
import { type AgentGateway, startAgentGateway } from './agent-gateway.js';
import { type AgentHome, createAgentHome } from './agent-home.js';
import { SERVED } from './answers/model-turn.js';
import { describeOnNode24 } from './describe-ai-client.js';

const CODEX = { kind: 'node', path: '@openai/codex/bin/codex.js' } as const;

/** Only requests to the gateway are allowed. The directory of the test is the sandbox. */
const EXEC = [
  ...['exec', '--skip-git-repo-check', '--sandbox', 'danger-full-access'],
  ...['-c', 'analytics.enabled=false', '-c', 'check_for_update_on_startup=false'],
];

/** By default, Codex repeats a request five times after a 403, within seven seconds. */
const ONE_RETRY = ['-c', 'model_providers.gateway.stream_max_retries=1'];

describeOnNode24('Codex', () => {
  let gateway: AgentGateway;
  let home: AgentHome;

  const createHome = ({ origin }: AgentGateway): Promise<AgentHome> =>
    createAgentHome({
      ...{ block: 'ai-codex', path: '.codex/config.toml' },
      ...{ gatewayUrl: origin, apiKey: 'sk-demo' },
    });

  beforeAll(async () => {
    gateway = await startAgentGateway();
  });
  beforeEach(async () => {
    gateway.forget();
    home = await createHome(gateway);
  });
  afterEach(() => home.remove());
  afterAll(() => gateway?.close());

  const ask = (...args: readonly string[]) => home.start(CODEX, [...EXEC, ...args, 'What is the number?']);
  const askedModels = (from: AgentGateway) =>
    modelRequests(from).filter(({ path }) => path === '/v1/responses');

  test('prints the response of the model, and its usage is settled', async () => {
    gateway.provider.play(TEXT);
    const { ended, stdout } = await ask().run;

    expect({ ended, stdout }).toEqual({ ended: 0, stdout: `${TEXT.text}\n` });
    expect(gateway.completions).toMatchObject([SETTLED]);
    expect(findLeaks(gateway)).toEqual([]);
  });

  test('reaches the provider with its body unchanged', async () => {
    gateway.provider.play(TEXT);
    await ask().run;
    const [sent] = askedModels(gateway);
    const [received] = gateway.provider.requests;
    const body = JSON.parse(received?.body ?? '');

    expect(received?.bytes.equals(sent?.body ?? Buffer.of())).toBe(true);
    expect(received?.path).toBe('/v1/responses');
    expect(body).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] });
    expect(body).toHaveProperty('prompt_cache_key');
    expect(body).toHaveProperty('client_metadata');
  });

  test('reads the list of models, and sends no request for WebSockets', async () => {
    gateway.provider.play(TEXT);
    const { stderr } = await ask().run;
    const probes = modelRequests(gateway).filter(({ method }) => method === 'GET');

    expect(new Set(probes.map(({ path }) => path.replace(/=.*/, '')))).toEqual(
      new Set(['/v1/models?client_version']),
    );
    expect(new Set(probes.map(({ status }) => status))).toEqual(new Set([200]));
    expect(stderr).not.toContain('failed to refresh available models');
  });

  test('receives the usage of a stream', async () => {
    gateway.provider.play(TEXT);
    const { stdout } = await ask('--json').run;
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

    expect(events.find(({ item }) => item?.type === 'agent_message')).toMatchObject({
      item: { text: TEXT.text },
    });
    expect(events.find(({ type }) => type === 'turn.completed')).toMatchObject({
      usage: {
        ...{ input_tokens: SERVED.input, cached_input_tokens: SERVED.cached },
        ...{ output_tokens: SERVED.output, reasoning_output_tokens: SERVED.reasoning },
      },
    });
  });

  test('runs a tool for the model, and sends the result', async () => {
    await writeFile(join(home.work, 'note.txt'), 'The secret number is 4711.\n');
    gateway.provider.play({ kind: 'tool', name: 'exec_command', input: { cmd: 'cat note.txt' } }, TEXT);
    const { ended, stdout } = await ask().run;

    expect({ ended, stdout }).toEqual({ ended: 0, stdout: `${TEXT.text}\n` });
    expect(gateway.provider.requests.map(({ body }) => body.includes('secret number'))).toEqual([
      false,
      true,
    ]);
    expect(gateway.completions).toMatchObject([SETTLED, SETTLED]);
    expect(usedTokens(gateway)).toHaveLength(1);
  });

  test('prints the message of the provider for an invalid request, which costs nothing', async () => {
    gateway.provider.play(INVALID);
    const { ended, stderr } = await ask().run;

    expect({ ended, stderr }).toEqual({ ended: 1, stderr: expect.stringContaining(INVALID.message) });
    expect(gateway.completions).toMatchObject([{ outcome: 'refused', inputTokens: 0, outputTokens: 0 }]);
  });

  test('prints the rate limit of the provider, and sends no further requests', async () => {
    gateway.provider.play({ ...LIMITED, headers: {} });
    const { ended, stderr } = await ask().run;

    expect({ ended, stderr }).toEqual({ ended: 1, stderr: expect.stringContaining('429 Too Many Requests') });
    expect(gateway.provider.requests).toHaveLength(1);
  });

  test('waits as long as the provider asks for', async () => {
    gateway.provider.play({ ...LIMITED, headers: { 'retry-after': '1' } }, TEXT);
    const { ended, stdout } = await ask().run;

    expect({ ended, stdout }).toEqual({ ended: 0, stdout: `${TEXT.text}\n` });
    expect(gateway.completions).toMatchObject([{ outcome: 'refused', outputTokens: 0 }, SETTLED]);
  });

  test('prints that its token does not allow a model', async () => {
    gateway.provider.play(TEXT);
    const { ended, stderr } = await ask(...ONE_RETRY, '--model', 'gpt-5.1').run;

    expect({ ended, stderr }).toEqual({
      ...{ ended: 1, stderr: expect.stringContaining('The access token does not allow this model') },
    });
    expect(askedModels(gateway).map(({ status }) => status)).toEqual([403, 403]);
    expect(gateway.provider.requests).toHaveLength(0);
  });

  test('falls back at once from WebSockets, which the gateway does not support', async () => {
    gateway.provider.play(TEXT);
    const { ended, stdout } = await ask('-c', 'model_providers.gateway.supports_websockets=true').run;

    expect({ ended, stdout }).toEqual({ ended: 0, stdout: `${TEXT.text}\n` });
    expect(askedModels(gateway).map(({ method, status }) => [method, status])).toEqual([
      ['GET', 426],
      ['POST', 200],
    ]);
  });

  test('closes the connection to the provider when it is interrupted, and pays for the output so far', async () => {
    gateway.provider.play(HELD);
    const { interrupt, run } = ask();
    const interruptedAt = await interruptWhenAnswered(gateway, interrupt);
    const leftAt = await gateway.provider.untilLeft();
    await run;

    expect(leftAt - interruptedAt).toBeLessThan(1000);
    expect(gateway.completions).toMatchObject([{ outcome: 'client_left' }]);
    expect(gateway.completions[0]?.outputTokens).toBeLessThan(SERVED.output);
  });

  test('runs its helper again after its token expired during a tool', async () => {
    const shortLived = await startAgentGateway(1);
    const own = await createHome(shortLived);
    try {
      const pipe = await createWaitingPipe(own.work);
      const command = { cmd: `cat ${pipe.name}`, yield_time_ms: 30_000 };
      shortLived.provider.play({ kind: 'tool', name: 'exec_command', input: command }, TEXT);
      const agent = own.start(CODEX, [...EXEC, 'What is the number?']);
      const expired = await pipe.untilExpired(shortLived);
      const { ended, stdout } = await agent.run;

      expect({ ended, stdout }).toEqual({ ended: 0, stdout: `${TEXT.text}\n` });
      expect(askedModels(shortLived).map(({ status }) => status)).toEqual([200, 401, 200]);
      expect(usedTokens(shortLived)).toEqual([expired, expect.any(String)]);
      expect(shortLived.provider.requests[1]?.body).toContain('The number is 4711.');
      expect(shortLived.completions).toMatchObject([SETTLED, SETTLED]);
    } finally {
      await own.remove();
      await shortLived.close();
    }
  });
});
