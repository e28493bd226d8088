import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './cluster.js';
import type { Drill, DrillContext } from './drill.js';
import { addressesIn, GatewayClient } from './gateway-client.js';
import { describeApiKey, HONEST_FILE, Load } from './load.js';
import type { RedisServer } from './redis-server.js';
import { checkCutOff, checkLoad } from './report-drill.js';
import { CutOffWatch } from './watch-cut-off.js';

const KEY_ID = 'mobile';
const API_KEY = 'sk-mobile-0123456789abcdef';
const FILE = describeApiKey(KEY_ID, API_KEY, ['users: true', 'refresh_tokens: public']);

/** Session of a user on a device. */
interface Session {
  readonly deviceId: string;
  accessToken: string;
  refreshToken: string;
}

/** An attacker has a refresh token of a user, until the operator ends the session, and then all sessions of the user. */
export const leakedRefreshTokenDrill: Drill = {
  name: 'leaked-refresh-token',
  runbook: 'leaked-refresh-token',
  summary: 'ends the session of a leaked refresh token, and all sessions of the user',
  async run(context) {
    const apiKeys = { 'honest.yaml': HONEST_FILE, 'mobile.yaml': FILE };
    const cluster = await context.startCluster({ apiKeys });
    const load = await Load.start(cluster);
    const devices = new Devices(cluster);
    const stolen = await devices.begin('alice', 'phone');
    const [tablet, other] = [await devices.begin('alice', 'tablet'), await devices.begin('bob', 'laptop')];
    const tokenFile = join(context.directory, 'leaked-token');
    await writeFile(tokenFile, stolen.refreshToken);
    const variables = { ...cluster.environment, KEY_ID, USER_NAME: 'alice', TOKEN_FILE: tokenFile };

    const watch = new CutOffWatch(devices.probesOf(stolen));
    await watch.untilAccepted();
    const { startedAt } = await context.runBlock('end-session', variables);
    const cutOff = await watch.untilRejected();
    checkCutOff(context, cutOff, { startedAt, changedAt: await timeOfRevocation(cluster.redis, startedAt) });
    await devices.check(context, 'another session of the user remains valid', tablet, 200);

    const remaining = await context.runBlock('list-sessions', variables);
    const listed = remaining.output.match(/^.*\balice\b.*$/gm) ?? [];
    context.check('only the other session is listed', listed.length === 1, remaining.output);
    await context.runBlock('end-all-sessions', variables);
    await devices.check(context, 'all sessions of the user are rejected', tablet, 401);
    await devices.check(context, 'sessions of other users remain valid', other, 200);
    const signedIn = await devices.signInAgain('alice');
    context.check('the user can sign in again', signedIn);
    checkLoad(context, await load.stop());
  },
};

/** Clients of the API key: its server begins sessions, and devices refresh without the API key. */
class Devices {
  readonly #client = new GatewayClient(addressesIn('203.0.113'));
  readonly #origins: readonly string[];
  #turn = 0;

  constructor({ gateways }: Pick<Cluster, 'gateways'>) {
    this.#origins = gateways.map(({ origin }) => origin);
  }

  async begin(user: string, deviceId: string): Promise<Session> {
    const parameters = { user, device_id: deviceId, scope: 'read:documents offline_access' };
    const answer = await this.#client.exchange(this.#nextOrigin(), API_KEY, parameters);
    const { accessToken, refreshToken } = answer;
    if (accessToken === undefined || refreshToken === undefined)
      throw new Error(`No session: ${answer.text}`);
    return { deviceId, accessToken, refreshToken };
  }

  /** Requests of an attacker: the access token at each gateway, and a refresh at the gateways in turn. */
  probesOf(session: Session) {
    const { accessToken } = session;
    return [
      ...this.#origins.map((origin, index) => ({
        name: `access token at gateway ${index + 1}`,
        send: () => this.#client.getDocuments(origin, accessToken),
      })),
      { name: 'refresh token at both gateways', send: () => this.#refresh(this.#nextOrigin(), session) },
    ];
  }

  /** Checks the access token and the refresh token of a session at each gateway, both valid or both rejected. */
  async check({ check }: DrillContext, name: string, session: Session, expected: 200 | 401): Promise<void> {
    const statuses: number[] = [];
    for (const origin of this.#origins) {
      statuses.push((await this.#client.getDocuments(origin, session.accessToken)).status);
      const { status } = await this.#refresh(origin, session);
      statuses.push(status === 400 ? 401 : status); // invalid_grant (RFC 6749 §5.2)
    }
    check(
      name,
      statuses.every((status) => status === expected),
      statuses.join(' '),
    );
  }

  /** Whether a new session works. A session of the second in which the others ended is rejected. */
  async signInAgain(user: string): Promise<boolean> {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const { accessToken } = await this.begin(user, 'new-phone');
      const uses = this.#origins.map((origin) => this.#client.getDocuments(origin, accessToken));
      if ((await Promise.all(uses)).every(({ status }) => status === 200)) return true;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    return false;
  }

  async #refresh(origin: string, session: Session) {
    const parameters = { client_id: KEY_ID, device_id: session.deviceId };
    const answer = await this.#client.refresh(origin, undefined, session.refreshToken, parameters);
    session.accessToken = answer.accessToken ?? session.accessToken;
    session.refreshToken = answer.refreshToken ?? session.refreshToken;
    return answer;
  }

  #nextOrigin(): string {
    this.#turn += 1;
    return this.#origins[this.#turn % this.#origins.length] ?? '';
  }
}

/** Returns the time of the first revocation after a time, from the ID of its entry in the log of Redis. */
async function timeOfRevocation(redis: RedisServer | undefined, after: number): Promise<number> {
  const log = '{passport-jwe}:revocations:log';
  const entries = await redis?.command('XRANGE', log, Math.floor(after), '+', 'COUNT', 1);
  const [id] = Array.isArray(entries) && Array.isArray(entries[0]) ? entries[0] : [];
  if (typeof id !== 'string') throw new Error('The command has written no revocation');
  return Number(id.split('-')[0]);
}
