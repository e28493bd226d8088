import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { findFreePort, type RunningProgram, startProgram, untilListening } from './processes.js';

export interface GatewayProgram {
  readonly program: RunningProgram;
  readonly port: number;
  readonly origin: string;
}

type Environment = Readonly<Record<string, string>>;

/** Sample gateways as processes of their own; each test has a directory, which is removed with all that runs. */
export interface GatewayPrograms {
  /** A directory of the test. */
  directory(): string;
  /** `DATA_DIR` of all gateways of the test. */
  dataDir(): string;
  start(environment?: Environment): Promise<GatewayProgram>;
  startAndWait(environment?: Environment): Promise<GatewayProgram>;
  readDemoApiKey(): Promise<string>;
}

/** @param file program to start. */
export function setUpGatewayPrograms(file = 'examples/gateway/main.ts'): GatewayPrograms {
  let directory = '';
  const programs: RunningProgram[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'passport-jwe-gateway-'));
  });

  afterEach(async () => {
    for (const program of programs) program.process.kill('SIGKILL');
    await Promise.all(programs.splice(0).map((program) => program.ended));
    await rm(directory, { recursive: true });
  });

  const dataDir = (): string => join(directory, 'data');
  const start = async (environment: Environment = {}): Promise<GatewayProgram> => {
    const port = Number(environment['PORT'] ?? (await findFreePort()));
    const settings = { PORT: String(port), DATA_DIR: dataDir(), ...environment };
    const program = startProgram(file, settings);
    programs.push(program);
    return { program, port, origin: `http://127.0.0.1:${port}` };
  };

  return {
    directory: () => directory,
    dataDir,
    start,
    async startAndWait(environment) {
      const started = await start(environment);
      await untilListening(started.program, started.port);
      return started;
    },
    readDemoApiKey: async () => (await readFile(join(dataDir(), 'demo-api-key'), 'utf8')).trim(),
  };
}

export async function exchange(origin: string, apiKey: string): Promise<string> {
  const answer = await post(`${origin}/oauth/token`, apiKey, { grant_type: 'client_credentials' });
  return JSON.parse(await answer.text()).access_token;
}

export function revoke(origin: string, apiKey: string, token: string): Promise<Response> {
  return post(`${origin}/oauth/revoke`, apiKey, { token });
}

export function getDocuments(origin: string, token: string): Promise<Response> {
  return fetch(`${origin}/documents`, { headers: { Authorization: `Bearer ${token}` } });
}

function post(url: string, apiKey: string, parameters: Record<string, string>): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'X-API-Key': apiKey },
    body: new URLSearchParams(parameters),
  });
}
