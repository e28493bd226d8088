import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  createNumberPipe,
  findLeaks,
  HELD,
  INVALID,
  interruptWhenAnswered,
  LIMITED,
  modelRequests,
  SETTLED,
  TEXT,
  untilFirstTurn,
  untilRejected,
  usedTokens,
} from './agent-cases.js';
import { type AgentGateway, startAgentGateway } from './agent-gateway.js';
import { type AgentHome, createAgentHome, withAgent } from './agent-home.js';
import { SERVED } from './answers/model-turn.js';
import { describeOnNode24 } from './describe-ai-client.js';

const CODEX = { kind: 'node', path: '@openai/codex/bin/codex.js' } as const;

/** Only requests to the gateway are allowed. The directory of the test is the sandbox. */
const EXEC = [
  ...['exec', '--skip-git-repo-check', '--sandbox', 'danger-full-access'],
  ...['-c', 'analytics.enabled=false', '-c', 'check_for_update_on_startup=false', '--disable', 'plugins'],
];

/** By default, Codex repeats a request five times after a 403, within seven seconds. */
const ONE_RETRY = ['-c', 'model_providers.gateway.stream_max_retries=1'];

/** All tools of Codex, with those of the provider and those in a namespace. */
const FUNCTIONS = [
  ...['exec_command', 'write_stdin', 'request_user_input', 'view_image', 'web_search'],
  ...['get_goal', 'create_goal', 'update_goal', 'multi_agent_v1'],
  ...['spawn_agent', 'send_input', 'resume_agent', 'wait_agent', 'close_agent'],
];

const SETTINGS = { block: 'ai-codex', path: '.codex/config.toml' };

describeOnNode24('Codex', () => {
  let gateway: AgentGateway;
  let home: AgentHome;

  beforeAll(async () => {
    gateway = await startAgentGateway();
  });
  beforeEach(async () => {
    gateway.forget();
    home = await createAgentHome(SETTINGS, gateway.origin);
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

  /** Runs a tool that ends after `meanwhile`, within which the token of the agent becomes invalid. */
  async function useToolWhile(
    gateway: AgentGateway,
    home: AgentHome,
    meanwhile: (token: string) => Promise<void>,
  ): Promise<void> {
    const pipe = await createNumberPipe(home.work);
    gateway.provider.play(
      { kind: 'tool', name: 'exec_command', input: { cmd: `cat ${pipe.name}`, yield_time_ms: 30_000 } },
      TEXT,
    );
    const agent = home.start(CODEX, [...EXEC, 'What is the number?']);
    const token = await untilFirstTurn(gateway);
    await meanwhile(token);
    await pipe.write();
    const { ended, stdout } = await agent.run;

    expect({ ended, stdout }).toEqual({ ended: 0, stdout: `${TEXT.text}\n` });
    expect(askedModels(gateway).map(({ status }) => status)).toEqual([200, 401, 200]);
    expect(usedTokens(gateway)).toEqual([token, expect.any(String)]);
    expect(gateway.provider.requests[1]?.body).toContain('The number is 4711.');
    expect(gateway.completions).toMatchObject([SETTLED, SETTLED]);
  }

  test('runs its helper again after its token expired during a tool', async () => {
    await withAgent({ tokenTtlSeconds: 1 }, SETTINGS, (gateway, home) =>
      useToolWhile(gateway, home, (token) => untilRejected(gateway, token)),
    );
  });

  test('runs its helper again after its token was revoked, if the helper has no cache', async () => {
    const adapt = (settings: string): string => settings.replace('"get",', '"get", "--no-cache",');
    await withAgent({}, { ...SETTINGS, adapt }, (gateway, home) =>
      useToolWhile(gateway, home, (token) => gateway.revoke(token)),
    );
  });

  test('runs with an API key that limits functions to its tools', async () => {
    await withAgent({ functions: FUNCTIONS }, SETTINGS, async (gateway, home) => {
      gateway.provider.play(TEXT);
      const { stdout } = await home.start(CODEX, [...EXEC, 'What is the number?']).run;

      expect(stdout).toBe(`${TEXT.text}\n`);
    });
  });

  test('is rejected with an API key that does not allow one of its tools', async () => {
    await withAgent({ functions: FUNCTIONS.slice(1) }, SETTINGS, async (gateway, home) => {
      const { stderr } = await home.start(CODEX, [...EXEC, ...ONE_RETRY, 'What is the number?']).run;

      expect(stderr).toContain('unexpected status 403');
      expect(gateway.provider.requests).toHaveLength(0);
    });
  });
});
