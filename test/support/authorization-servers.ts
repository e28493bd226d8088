import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningProgram, startProgram } from './processes.js';

const API_KEY = 'k-sessions';
const FILE = `{ key_id: demo, api_key: ${API_KEY}, name: Demo, type: api_call, rate_limits: {}, permissions: [manage:sessions] }`;

/** An authorization server in a process of its own. */
export interface AuthorizationServer {
  readonly program: RunningProgram;
  readonly origin: string;
}

/** Processes that share one store. */
export interface AuthorizationServers {
  start(): Promise<AuthorizationServer>;
  dispose(): Promise<void>;
}

/** What the token endpoint answered. */
export interface TokenAnswer {
  readonly status: number;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** @param location path of an LMDB store, or the URL of a Redis. Default: an LMDB store of its own. */
export async function setUpAuthorizationServers(location?: string): Promise<AuthorizationServers> {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-sessions-'));
  await writeFile(join(directory, 'demo.yaml'), FILE);
  const programs: RunningProgram[] = [];

  return {
    async start() {
      const args = [location ?? join(directory, 'store'), directory];
      const program = startProgram('test/support/programs/authorization-server.js', {}, { args });
      programs.push(program);
      while (!program.output().includes('\n')) {
        if (program.process.exitCode !== null) throw new Error(`It ended: ${program.output()}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return { program, origin: program.output().trim() };
    },
    async dispose() {
      for (const program of programs) program.process.kill('SIGKILL');
      await Promise.all(programs.map((program) => program.ended));
      await rm(directory, { recursive: true });
    },
  };
}

type Binding = Readonly<Record<string, string>>;

export function beginSession({ origin }: AuthorizationServer, binding: Binding = {}): Promise<TokenAnswer> {
  return post(origin, { grant_type: 'client_credentials', scope: 'offline_access', ...binding });
}

export function refresh(
  { origin }: AuthorizationServer,
  token: string,
  binding: Binding = {},
): Promise<TokenAnswer> {
  return post(origin, { grant_type: 'refresh_token', refresh_token: token, ...binding });
}

/** What the router of sessions says to the end of all. */
export async function endSessions({ origin }: AuthorizationServer, accessToken: string): Promise<number> {
  return (await fetch(`${origin}/sessions`, { method: 'DELETE', headers: bearerOf(accessToken) })).status;
}

/** What a guarded route says. */
export async function use({ origin }: AuthorizationServer, accessToken: string): Promise<number> {
  return (await fetch(`${origin}/resource`, { headers: bearerOf(accessToken) })).status;
}

function bearerOf(accessToken: string): Record<string, string> {
  return { Authorization: `Bearer ${accessToken}` };
}

/** What the wire said. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks the token router as the client does that all API keys of these servers are. */
export async function send(
  { origin }: Pick<AuthorizationServer, 'origin'>,
  path: 'token' | 'revoke' | 'introspect',
  parameters: Record<string, string>,
): Promise<WireAnswer> {
  const answer = await fetch(`${origin}/oauth/${path}`, {
    method: 'POST',
    headers: { 'X-API-Key': API_KEY },
    body: new URLSearchParams(parameters),
  });
  const text = await answer.text();
  const body = text.startsWith('{') ? JSON.parse(text) : {};
  return { status: answer.status, headers: answer.headers, body };
}

/** What a readiness probe is told. */
export async function isReady({ origin }: AuthorizationServer): Promise<boolean> {
  return (await fetch(`${origin}/readyz`)).status === 200;
}

async function post(origin: string, parameters: Record<string, string>): Promise<TokenAnswer> {
  const { status, body } = await send({ origin }, 'token', parameters);
  return { status, accessToken: String(body['access_token']), refreshToken: String(body['refresh_token']) };
}
