import { setTimeout as pause } from 'node:timers/promises';
import type { DrillContext } from './drill.js';
import type { GatewayAnswer, GatewayClient, TokenAnswer } from './gateway-client.js';
import type { GatewayProcess } from './gateway-process.js';
import { HONEST_KEY } from './load.js';
import type { Probe } from './watch-cut-off.js';
import { findUnexpected, type ObservedStatus } from './watch-statuses.js';

type Gateways = readonly Pick<GatewayProcess, 'origin'>[];

/** Tokens of a client before a fault. All gateways accept `valid`, and reject `revoked`. */
export interface PreparedTokens {
  readonly valid: string;
  readonly revoked: string;
  readonly refreshToken: string;
}

/** Obtains tokens, and revokes one of them. Resolves once all gateways know the revocation. */
export async function prepareTokens(client: GatewayClient, gateways: Gateways): Promise<PreparedTokens> {
  const [{ origin = '' } = {}] = gateways;
  const session = await client.exchange(origin, HONEST_KEY, { scope: 'read:documents offline_access' });
  const revoked = accessTokenOf(await client.exchange(origin, HONEST_KEY));
  await client.revoke(origin, HONEST_KEY, revoked);
  await untilAll(gateways, async (each) => (await client.getDocuments(each, revoked)).status === 401);
  return { valid: accessTokenOf(session), revoked, refreshToken: session.refreshToken ?? '' };
}

/** Returns the access token of a response. */
export function accessTokenOf({ accessToken, status, text }: TokenAnswer): string {
  if (accessToken === undefined) throw new Error(`No token was issued: ${status} ${text}`);
  return accessToken;
}

/** Resolves once a condition holds for each gateway. */
export async function untilAll(
  gateways: Gateways,
  holds: (origin: string) => Promise<boolean>,
): Promise<void> {
  for (const { origin } of gateways) while (!(await holds(origin))) await pause(20);
}

/** Creates one probe for each gateway. */
export function probeEach(
  gateways: Gateways,
  createSend: (origin: string) => () => Promise<GatewayAnswer>,
): readonly Probe[] {
  return gateways.map(({ origin }, index) => ({ name: `gateway ${index + 1}`, send: createSend(origin) }));
}

/** Creates requests with one token. */
export function useToken(client: GatewayClient, token: string) {
  return (origin: string) => () => client.getDocuments(origin, token);
}

/** Creates requests of a client that exchanges its API key again after a 401. */
export function useAndRenew(client: GatewayClient, token: string) {
  return (origin: string) => {
    let current = token;
    return async (): Promise<GatewayAnswer> => {
      const answer = await client.getDocuments(origin, current);
      if (answer.status !== 401) return answer;
      const issued = await client.exchange(origin, HONEST_KEY);
      if (issued.accessToken === undefined) return issued;
      current = issued.accessToken;
      return client.getDocuments(origin, current);
    };
  };
}

/** Creates requests that revoke a new token each. Confirmed revocations are added to a list. */
export function revokeNewTokens(client: GatewayClient, confirmed: string[]) {
  return (origin: string) => async (): Promise<GatewayAnswer> => {
    const issued = await client.exchange(origin, HONEST_KEY);
    if (issued.accessToken === undefined) return issued;
    const answer = await client.revoke(origin, HONEST_KEY, issued.accessToken);
    if (answer.status === 200) confirmed.push(issued.accessToken);
    return answer;
  };
}

/** Returns the status of a token at each gateway. */
export function statusesOf(
  client: GatewayClient,
  gateways: Gateways,
  token: string,
): Promise<readonly number[]> {
  return Promise.all(gateways.map(async ({ origin }) => (await client.getDocuments(origin, token)).status));
}

/** Returns the number of lines that end with 200 in the output of a verification, which can contain retries. */
export function countAccepted(output: string): number {
  return output.match(/ 200$/gm)?.length ?? 0;
}

/** Records that all statuses are the expected one. */
export function checkStatuses(
  { check }: Pick<DrillContext, 'check'>,
  name: string,
  statuses: readonly number[],
  expected: number,
): void {
  check(name, statuses.length > 0 && statuses.every((status) => status === expected), statuses.join(' '));
}

/** Records that all observed responses have one of the expected statuses. */
export function checkObserved(
  { check }: Pick<DrillContext, 'check'>,
  name: string,
  observed: readonly ObservedStatus[],
  expected: readonly number[],
): void {
  const unexpected = findUnexpected(observed, expected);
  check(name, observed.length > 0 && unexpected.length === 0, unexpected.slice(0, 3).join('; '));
}
