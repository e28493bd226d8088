import { describe, expect, test } from '@jest/globals';
import {
  type AuthorizationServer,
  beginSession,
  refresh,
  setUpAuthorizationServers,
} from '../support/authorization-servers.js';
import { createRandom } from '../support/random.js';
import { describeWithRedis, withRedis } from '../support/redis.js';

/** 300 in the suite, 10 000 by `npm run soak`. */
const RACES = Number(process.env['REFRESH_RACES'] ?? 150);
const PROCESSES = 4;
const RACES_A_FAMILY = 50;
const RACE_TIMEOUT_MS = 400;
/** Each use of a bound family is a write, so that all of them meet. */
const BINDINGS = [{}, { session_id: 's1', device_id: 'd1' }];

const random = createRandom(34);

/** Uses one token many times at once, and then its successor, and so on: a second line would end the family. */
async function race(servers: readonly AuthorizationServer[]): Promise<void> {
  const [first] = servers;
  if (first === undefined) throw new Error('There is no server');
  let token = '';
  let binding = {};
  for (let run = 0; run < RACES; run += 1) {
    if (run % RACES_A_FAMILY === 0) {
      binding = BINDINGS[(run / RACES_A_FAMILY) % BINDINGS.length] ?? {};
      token = (await beginSession(first, binding)).refreshToken;
    }
    const contenders = 2 + Math.floor(random() * 49);
    const answers = await Promise.all(
      Array.from({ length: contenders }, (_, index) =>
        refresh(servers[index % servers.length] ?? first, token, binding),
      ),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    token = answers[0]?.refreshToken ?? '';
  }
}

async function raceOn(location?: string): Promise<void> {
  const servers = await setUpAuthorizationServers(location);
  try {
    await race(await Promise.all(Array.from({ length: PROCESSES }, () => servers.start())));
  } finally {
    await servers.dispose();
  }
}

describe(`${RACES} races of 2 to 50 uses of one refresh token over ${PROCESSES} processes`, () => {
  test('leave exactly one live token on LMDB', () => raceOn(), RACES * RACE_TIMEOUT_MS);
});

describeWithRedis(`${RACES} races of 2 to 50 uses of one refresh token over ${PROCESSES} processes`, () => {
  test(
    'leave exactly one live token on Redis',
    () => withRedis(({ url }) => raceOn(url)),
    RACES * RACE_TIMEOUT_MS,
  );
});
