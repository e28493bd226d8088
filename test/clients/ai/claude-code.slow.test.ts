import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  createNumberPipe,
  DELTAS,
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

/** The program is in the package of the platform. Only requests to the gateway are allowed. */
const CLAUDE = {
  kind: 'native',
  path: `@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`,
  environment: {
    ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_TELEMETRY: '1', DISABLE_AUTOUPDATER: '1' },
    CLAUDE_CODE_MAX_RETRIES: '1',
  },
} as const;

const STREAM = ['--output-format', 'stream-json', '--include-partial-messages', '--verbose'];

/** Names in requests with `--tools Read`. The second one stands for tools that are loaded later. */
const FUNCTIONS = ['Read', 'DeferredToolPlaceholder'];

const SETTINGS = { block: 'ai-claude-code', path: '.claude/settings.json' };

describeOnNode24('Claude Code', () => {
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

  const ask = (...args: readonly string[]) => home.start(CLAUDE, ['-p', 'What is the number?', ...args]);

  test('prints the response of the model, and its usage is settled', async () => {
    gateway.provider.play(TEXT);
    const { ended, stdout } = await ask().run;

    expect({ ended, stdout }).toEqual({ ended: 0, stdout: `${TEXT.text}\n` });
    expect(gateway.completions).toMatchObject([SETTLED]);
    expect(findLeaks(gateway)).toEqual([]);
  });

  test('reaches the provider with its body, its beta features and its query unchanged', async () => {
    gateway.provider.play(TEXT);
    await ask().run;
    const [sent] = modelRequests(gateway);
    const [received] = gateway.provider.requests;
    const { thinking, system } = JSON.parse(received?.body ?? '');

    expect(received?.bytes.equals(sent?.body ?? Buffer.of())).toBe(true);
    expect(received?.path).toBe('/v1/messages?beta=true');
    for (const name of ['anthropic-beta', 'anthropic-version']) {
      expect(received?.headers[name]).toBe(sent?.headers[name]);
    }
    expect(received?.headers['anthropic-beta']).toContain('claude-code');
    expect(thinking).toBeDefined();
    expect(JSON.stringify(system)).toContain('cache_control');
  });

  test('prints the deltas of a stream', async () => {
    gateway.provider.play(TEXT);
    const { stdout } = await ask(...STREAM).run;
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event?.delta?.text);

    expect(events.filter((text) => text !== undefined)).toEqual(DELTAS);
  });

  test('runs a tool for the model, and sends the result', async () => {
    await writeFile(join(home.work, 'note.txt'), 'The secret number is 4711.\n');
    gateway.provider.play(
      { kind: 'tool', name: 'Read', input: { file_path: join(home.work, 'note.txt') } },
      TEXT,
    );
    const { ended, stdout } = await ask('--allowedTools', 'Read').run;

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
    const { ended, stdout } = await ask().run;

    expect({ ended, stdout }).toEqual({
      ended: 1,
      stdout: expect.stringContaining(`400 ${INVALID.message}`),
    });
    expect(gateway.provider.requests).toHaveLength(modelRequests(gateway).length);
    expect(gateway.completions.map(({ outputTokens }) => outputTokens)).not.toContain(SERVED.output);
  });

  test('prints the rate limit of the provider, and sends few further requests', async () => {
    gateway.provider.play(LIMITED);
    const { ended, stdout } = await ask().run;

    expect({ ended, stdout }).toEqual({
      ended: 1,
      stdout: expect.stringContaining('limits the request rate'),
    });
    expect(gateway.provider.requests).toHaveLength(1);
  });

  test('prints that its token does not allow a model', async () => {
    gateway.provider.play(TEXT);
    const { ended, stdout } = await ask('--model', 'claude-fable-1').run;

    expect({ ended, stdout }).toEqual({
      ended: 1,
      stdout: expect.stringContaining('403 The access token does not allow this model'),
    });
    expect(gateway.provider.requests).toHaveLength(0);
  });

  test('counts tokens for its context without a charge', async () => {
    gateway.provider.play(TEXT);
    const { stdout } = await home.start(CLAUDE, ['-p', '/context']).run;
    const paths = gateway.provider.requests.map(({ path }) => path);

    expect(stdout).toContain('Context Usage');
    expect(new Set(paths)).toEqual(new Set(['/v1/messages/count_tokens?beta=true']));
    expect(new Set(gateway.completions.map(({ inputTokens }) => inputTokens))).toEqual(new Set([0]));
    expect(modelRequests(gateway).filter(({ status }) => status !== 200)).toEqual([]);
  });

  test('closes the connection to the provider when it is interrupted, and pays for the output so far', async () => {
    gateway.provider.play(HELD);
    const { interrupt, run } = ask(...STREAM);
    const interruptedAt = await interruptWhenAnswered(gateway, interrupt);
    const leftAt = await gateway.provider.untilLeft();
    await run;

    expect(leftAt - interruptedAt).toBeLessThan(1000);
    expect(gateway.completions).toMatchObject([{ outcome: 'client_left', inputTokens: SERVED.input }]);
  });

  /** Runs a tool that ends after `meanwhile`, within which the token of the agent becomes invalid. */
  async function useToolWhile(
    gateway: AgentGateway,
    home: AgentHome,
    meanwhile: (token: string) => Promise<void>,
  ): Promise<void> {
    const pipe = await createNumberPipe(home.work);
    gateway.provider.play(
      { kind: 'tool', name: 'Bash', input: { command: `cat ${pipe.name}`, description: 'Reads the number' } },
      TEXT,
    );
    const agent = home.start(CLAUDE, ['-p', 'What is the number?', '--allowedTools', 'Bash(cat:*)']);
    const token = await untilFirstTurn(gateway);
    await meanwhile(token);
    await pipe.write();
    const { ended, stdout } = await agent.run;

    expect({ ended, stdout }).toEqual({ ended: 0, stdout: `${TEXT.text}\n` });
    expect(modelRequests(gateway).map(({ status }) => status)).toEqual([200, 401, 200]);
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
    const adapt = (settings: string): string => settings.replace('token get', 'token get --no-cache');
    await withAgent({}, { ...SETTINGS, adapt }, (gateway, home) =>
      useToolWhile(gateway, home, (token) => gateway.revoke(token)),
    );
  });

  test('runs with an API key that limits functions to its tools', async () => {
    await withAgent({ functions: FUNCTIONS }, SETTINGS, async (gateway, home) => {
      gateway.provider.play(TEXT);
      const { stdout } = await home.start(CLAUDE, ['-p', 'What is the number?', '--tools', 'Read']).run;

      expect(stdout).toBe(`${TEXT.text}\n`);
    });
  });

  test('is rejected with an API key that does not allow one of its tools', async () => {
    await withAgent({ functions: FUNCTIONS }, SETTINGS, async (gateway, home) => {
      const { stdout } = await home.start(CLAUDE, ['-p', 'What is the number?', '--tools', 'Read,Bash']).run;

      expect(stdout).toContain('API Error: 403');
      expect(gateway.provider.requests).toHaveLength(0);
    });
  });
});
