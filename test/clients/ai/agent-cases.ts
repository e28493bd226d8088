import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { until } from '../../support/connections.js';
import { type AgentGateway, API_KEY } from './agent-gateway.js';
import { PROVIDER_KEY } from './ai-gateway.js';
import { type ProviderError, SERVED } from './answers/model-turn.js';

export const DELTAS = ['The', ' number', ' is', ' 4711.'];
export const TEXT = { kind: 'text', text: DELTAS.join('') } as const;
export const HELD = { kind: 'held', text: DELTAS.join('') } as const;
export const SETTLED = {
  ...{ outcome: 'completed', inputTokens: SERVED.input, outputTokens: SERVED.output },
  ...{ cachedTokens: SERVED.cached, subject: 'demo' },
};

export const INVALID: ProviderError = {
  ...{ kind: 'error', status: 400, type: 'invalid_request_error' },
  message: 'Unsupported value: effort',
};
export const LIMITED: ProviderError = {
  ...{ kind: 'error', status: 429, type: 'rate_limit_error', message: 'Rate limit reached' },
  headers: { 'retry-after': '120' },
};

/** Requests to models that the gateway received, without those of the helper. */
export function modelRequests({ exchanges }: AgentGateway) {
  return exchanges.filter(({ path }) => path.startsWith('/v1/'));
}

/** Tokens that the helper has printed, in the order of their use. */
export function usedTokens(gateway: AgentGateway): readonly string[] {
  const tokens = modelRequests(gateway).map(
    ({ headers }) => headers.authorization?.replace('Bearer ', '') ?? '',
  );
  return [...new Set(tokens)];
}

/** Secrets on the wrong side of the gateway: the provider key in responses, or credentials of the client in requests. */
export function findLeaks(gateway: AgentGateway): readonly string[] {
  const received = JSON.stringify(gateway.provider.requests.map(({ headers, body }) => [headers, body]));
  const answered = JSON.stringify(gateway.exchanges.map(({ answer }) => answer));
  const leaked = [API_KEY, ...usedTokens(gateway)].filter((secret) => received.includes(secret));
  return answered.includes(PROVIDER_KEY) ? [...leaked, PROVIDER_KEY] : leaked;
}

/** Resolves with the time after the first bytes of a response body arrived and the agent was interrupted. */
export async function interruptWhenAnswered(gateway: AgentGateway, interrupt: () => void): Promise<number> {
  await until(() => modelRequests(gateway).some(({ answer }) => answer.includes(DELTAS[1] ?? '')));
  interrupt();
  return Date.now();
}

/** Pipe that a tool of the agent reads. The reader waits for the writer. */
export interface NumberPipe {
  /** Name in the working directory of the agent. */
  readonly name: string;
  write(): Promise<void>;
}

export async function createNumberPipe(directory: string): Promise<NumberPipe> {
  const name = 'number.txt';
  await promisify(execFile)('mkfifo', [join(directory, name)]);
  return { name, write: () => writeFile(join(directory, name), 'The number is 4711.\n') };
}

/** Waits for the first response of the model, and returns the token of the agent. */
export async function untilFirstTurn(gateway: AgentGateway): Promise<string> {
  await until(() => gateway.completions.length > 0);
  return usedTokens(gateway)[0] ?? '';
}

/** Waits until the gateway rejects a token. */
export async function untilRejected({ directOrigin }: AgentGateway, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  while ((await fetch(`${directOrigin}/v1/models`, { headers })).ok) await pause(100);
}
