import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateApiKey } from 'passport-jwe/api-keys';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, type RunningProgram, startProgram, untilListening } from '../support/processes.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = new URL('../../docs/guides/ai-clients.md', import.meta.url);
const API_KEY = generateApiKey();

const OPENAI_CALLS = `
const stream = await openai.chat.completions.create({
  model: 'echo-1',
  messages: [{ role: 'user', content: 'Hello, gateway' }],
  stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
`;

const ANTHROPIC_CALLS = `
const message = await anthropic.messages.create({
  model: 'echo-1',
  max_tokens: 20,
  messages: [{ role: 'user', content: 'Hello again' }],
});
console.log(message.content[0].text);
`;

let blocks: ReadonlyMap<string, string>;
let home = '';
let origin = '';
let gateway: RunningProgram;

beforeAll(async () => {
  blocks = await readPageBlocks(PAGE);
  // Inside the package, where programs find it by its name as its users do.
  home = await mkdtemp(join(ROOT, 'test', '.ai-clients-'));
  const port = await findFreePort();
  origin = `http://127.0.0.1:${port}`;
  const settings = { PORT: String(port), DATA_DIR: join(home, 'data'), DEMO_API_KEY: API_KEY };
  gateway = startProgram('examples/gateway/main.ts', settings);
  await writeFile(join(home, 'gateway.mjs'), blocks.get('ai-gateway') ?? '');
  // A pipe, as `install` cannot open the socket that Node.js makes standard input of a child.
  const install = `npm() { :; }; printf %s "$TYPED" | {\n${blocks.get('ai-secret-file')}}`;
  const env = { ...process.env, HOME: home, TYPED: API_KEY };
  execFileSync('bash', ['-euo', 'pipefail', '-c', install], { env });
  const command = join(home, 'passport-jwe');
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/dist/cli/main.js' "$@"\n`);
  await chmod(command, 0o755);
  await untilListening(gateway, port);
});

afterAll(async () => {
  gateway.process.kill();
  await gateway.ended;
  await rm(home, { recursive: true });
});

/** The block with the address of the test's gateway, and the files in the home directory of the test. */
function blockOf(name: string): string {
  const block = blocks.get(name) ?? '';
  return block.replaceAll('http://127.0.0.1:3000', origin).replaceAll('/home/alice', home);
}

/** Runs a command with the home directory of the test, and returns its output. */
async function run(command: string, args: readonly string[]): Promise<string> {
  const env = { HOME: home, PATH: `${home}:${process.env['PATH']}` };
  const { stdout } = await promisify(execFile)(command, [...args], { cwd: home, env });
  return stdout;
}

async function runProgram(name: string, calls: string): Promise<string> {
  const file = join(home, `${name}.mjs`);
  await writeFile(file, `${blocks.get(name)}${calls}`);
  const environment = { GATEWAY_URL: origin, DEMO_API_KEY: API_KEY };
  const program = startProgram(file, environment, { cwd: home });
  await program.ended;
  return program.output();
}

async function listModels(headers: Readonly<Record<string, string>>): Promise<number> {
  return (await fetch(`${origin}/v1/models`, { headers })).status;
}

describe('the page about AI clients', () => {
  test('has a command that saves the API key for its owner alone', async () => {
    const { mode } = await stat(join(home, '.config', 'gateway-api-key'));

    expect(mode & 0o777).toBe(0o600);
  });

  test("connects OpenAI's client", async () => {
    expect(await runProgram('ai-openai', OPENAI_CALLS)).toBe('Hello, gateway');
  });

  test("connects Anthropic's client", async () => {
    expect(await runProgram('ai-anthropic', ANTHROPIC_CALLS)).toBe('Hello again\n');
  });

  test('has a helper command for Claude Code, which runs it in a shell', async () => {
    const { apiKeyHelper, env } = JSON.parse(blockOf('ai-claude-code'));
    const token = (await run('sh', ['-c', apiKeyHelper])).trim();

    expect(await listModels({ Authorization: `Bearer ${token}`, 'x-api-key': token })).toBe(200);
    expect(env.ANTHROPIC_BASE_URL).toBe(origin);
  });

  test('has a helper command for Codex, which runs it without a shell', async () => {
    const settings = blockOf('ai-codex');
    const [, command = ''] = /^command = "(.*)"$/m.exec(settings) ?? [];
    const [, args = ''] = /^args = (\[.*\])$/m.exec(settings) ?? [];
    const token = (await run(command, JSON.parse(args))).trim();

    expect(await listModels({ Authorization: `Bearer ${token}` })).toBe(200);
    expect(settings).toContain(`base_url = "${origin}/v1"`);
  });

  test('has commands for curl', async () => {
    const printed = await run('bash', ['-euo', 'pipefail', '-c', blockOf('ai-curl')]);

    expect(JSON.parse(printed).choices[0].message.content).toBe('Hello, gateway');
  });

  test('sets intervals below the lifetime that a cached token has', () => {
    const claudeCode = JSON.parse(blockOf('ai-claude-code')).env.CLAUDE_CODE_API_KEY_HELPER_TTL_MS;
    const [, codex] = /^refresh_interval_ms = (\d+)$/m.exec(blockOf('ai-codex')) ?? [];

    for (const interval of [claudeCode, codex]) expect(Number(interval)).toBeLessThan(300_000);
  });
});
