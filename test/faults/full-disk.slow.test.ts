import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  type AuthorizationServer,
  type AuthorizationServers,
  beginSession,
  isReady,
  refresh,
  send,
  setUpAuthorizationServers,
  type TokenAnswer,
  use,
  type WireAnswer,
} from '../support/authorization-servers.js';
import { startProgram } from '../support/processes.js';
import { describeWithDisks, mountSmallDisk, type SmallDisk } from '../support/small-disk.js';

const BATCH = 10;

/** A little more than must be left. */
const ALMOST_FULL_BYTES = 1_500_000;

let disk: SmallDisk;
let servers: AuthorizationServers;

beforeEach(async () => {
  disk = mountSmallDisk(8192);
  servers = await setUpAuthorizationServers(join(disk.path, 'store'));
});

afterEach(async () => {
  await servers.dispose();
  disk.dispose();
});

function times<Result>(count: number, make: () => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, make));
}

async function issueTokens(server: AuthorizationServer): Promise<readonly string[]> {
  const answers = await times(BATCH, () => send(server, 'token', { grant_type: 'client_credentials' }));
  return answers.map(({ body }) => String(body['access_token']));
}

async function revokeAll(server: AuthorizationServer, tokens: readonly string[]): Promise<readonly number[]> {
  const answers = await Promise.all(tokens.map((token) => send(server, 'revoke', { token })));
  return answers.map(({ status }) => status);
}

/** Everything that is written to the store. */
function writeAll(server: AuthorizationServer, { accessToken, refreshToken }: TokenAnswer) {
  return Promise.all<WireAnswer>([
    send(server, 'revoke', { token: accessToken }),
    send(server, 'revoke', { token: refreshToken }),
    send(server, 'token', { grant_type: 'client_credentials', scope: 'offline_access' }),
    send(server, 'token', { grant_type: 'refresh_token', refresh_token: refreshToken }),
  ]);
}

async function verdictsOn(
  server: AuthorizationServer,
  tokens: readonly string[],
): Promise<readonly number[]> {
  const verdicts = await Promise.all(tokens.map((token) => use(server, token)));
  return [...new Set(verdicts)];
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describeWithDisks('an LMDB store on a full disk', () => {
  test('rejects writes with 503, answers reads, loses nothing, and recovers once there is room', async () => {
    const server = await servers.start();
    const session = await beginSession(server);
    const revoked = await issueTokens(server);
    expect(new Set(await revokeAll(server, revoked))).toEqual(new Set([200]));
    expect(await isReady(server)).toBe(true);

    await disk.fill();
    for (const { status, headers, body } of await writeAll(server, session)) {
      expect([status, body['error']]).toEqual([503, 'temporarily_unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(headers.get('www-authenticate')).toBeNull();
    }
    expect(await isReady(server)).toBe(false);
    expect(await use(server, session.accessToken)).toBe(200);
    expect(await verdictsOn(server, revoked)).toEqual([401]);

    await disk.clear();
    await until(() => isReady(server));
    const refreshed = await refresh(server, session.refreshToken);
    expect(refreshed.status).toBe(200);
    const later = await issueTokens(server);
    expect(new Set(await revokeAll(server, later))).toEqual(new Set([200]));

    server.program.process.kill('SIGKILL');
    await server.program.ended;
    await disk.fill();
    const restarted = await servers.start();
    expect(await verdictsOn(restarted, [...revoked, ...later])).toEqual([401]);
    expect(await use(restarted, session.accessToken)).toBe(200);
  });

  test('never lets LMDB itself fail to write, however often it is tried', async () => {
    await disk.fill(ALMOST_FULL_BYTES);
    const { ended, output } = startProgram(
      'test/support/programs/fill-lmdb.js',
      {},
      { args: [join(disk.path, 'store'), '5000'] },
    );

    expect(await ended).toBe(0);
    const { acknowledged, ...rest } = JSON.parse(output());
    expect(rest).toEqual({ lost: 0, statuses: [503] });
    expect(acknowledged).toBeGreaterThan(0);
  });

  test('is not created without room, and the error says so', async () => {
    await disk.fill();
    const { ended, output } = startProgram(
      'test/support/programs/open-lmdb-again.js',
      {},
      {
        args: [join(disk.path, 'store'), '1', 'stores'],
      },
    );

    expect(await ended).toBe(1);
    expect(output()).toContain(
      `The store ${join(disk.path, 'store')} cannot be opened: ENOSPC: free space on its disk`,
    );
  });
});

describeWithDisks('an LMDB store on a read-only disk', () => {
  test.each(['store', 'none'])(
    'is not opened, with the path in the error, and does not change: %s',
    async (name) => {
      const opening = (directory: string) =>
        startProgram(
          'test/support/programs/open-lmdb-again.js',
          {},
          {
            args: [join(disk.path, directory), '1', 'stores'],
          },
        );
      await opening('store').ended;
      const before = await readFile(join(disk.path, 'store', 'data.mdb'));
      disk.makeReadOnly();
      const { ended, output } = opening(name);

      expect(await ended).toBe(1);
      expect(output()).toMatch(
        new RegExp(
          `The store ${join(disk.path, name)} cannot be opened: [A-Z]+: use a path that this user can create`,
        ),
      );
      expect(await readFile(join(disk.path, 'store', 'data.mdb'))).toEqual(before);
    },
  );
});
