import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { exchange, setUpGatewayPrograms } from '../support/gateway-programs.js';
import { modelKey } from '../support/model-gateway.js';

const { directory, startAndWait } = setUpGatewayPrograms();

const CLIENTS = 40;
const STREAMS = 20;
const API_KEY = 'sk-shutdown-0123456789abcdef';

test('SIGTERM under load cuts off no request, and no stream', async () => {
  const apiKeysDir = join(directory(), 'api-keys');
  await mkdir(apiKeysDir);
  const file = `api_key: ${API_KEY}\nkey_id: a\nname: a\n${modelKey(['{ name: echo-1, endpoint: "echo:" }'])}`;
  await writeFile(join(apiKeysDir, 'a.yaml'), file);
  const { program, origin } = await startAndWait({ API_KEYS_DIR: apiKeysDir, SHUTDOWN_DELAY_MS: '600' });
  const token = await exchange(origin, API_KEY);
  const dispatcher = new Agent({ connections: CLIENTS });
  let isReady = true;
  let answered = 0;
  let afterwards = 0;
  let ended = false;

  const chat = async (content: string, stream: boolean): Promise<string> => {
    const { statusCode, body } = await dispatcher.request({
      ...{ origin, path: '/v1/chat/completions', method: 'POST' },
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'echo-1', stream, messages: [{ role: 'user', content }] }),
    });
    const text = await body.text();
    expect(statusCode).toBe(200);
    return text;
  };
  /** As a load balancer does, which sends no more once the gateway says that it is not ready. */
  const watch = async (): Promise<void> => {
    while (isReady) {
      isReady = (await fetch(`${origin}/readyz`)).ok;
      await pause(10);
    }
  };
  const client = async (): Promise<void> => {
    while (isReady) {
      expect(await chat('a b', false)).toContain('"content":"a b"');
      answered += 1;
      if (ended) afterwards += 1;
    }
  };
  const work = [
    watch(),
    ...Array.from({ length: CLIENTS }, client),
    ...Array.from({ length: STREAMS }, async () => {
      expect(await chat('!pace=20 !times=120 a', true)).toContain('data: [DONE]');
    }),
  ];
  while (answered < CLIENTS * 3) await pause(10);
  ended = true;
  program.process.kill('SIGTERM');
  await Promise.all(work);

  expect(await program.ended).toBe(0);
  expect(afterwards).toBeGreaterThan(0);
  expect(program.output()).not.toContain('cut off');
  await expect(fetch(`${origin}/readyz`)).rejects.toThrow();
  await dispatcher.destroy();
});

test('what does not end in time is cut off, and said to be', async () => {
  const { program, origin } = await startAndWait({ SHUTDOWN_TIMEOUT_MS: '300' });
  const hanging = request(`${origin}/oauth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': '100' },
  });
  const cutOff = once(hanging, 'error');
  hanging.write('grant_type=');
  await once(hanging, 'socket');
  await fetch(`${origin}/healthz`);
  program.process.kill('SIGTERM');
  await cutOff;

  expect(await program.ended).toBe(0);
  expect(program.output()).toContain('"cut_off":1');
});
