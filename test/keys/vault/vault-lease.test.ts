import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { VaultAnswer, VaultClient } from '../../../src/keys/vault/vault-client.js';
import { keepRenewed, readLease } from '../../../src/keys/vault/vault-lease.js';

/** Nothing runs but the timers of leases: what a server answers is said here, and `vault-leases.test.ts` asks one. */
let answers: (VaultAnswer | Error)[];
/** Seconds that are granted where nothing is said. */
let grantedSeconds: number;
/** An answer that takes its time. */
let pending: Promise<VaultAnswer> | undefined;
let renewals: number;
let ends: number;

const client: VaultClient = {
  name: 'Vault',
  async send({ method, path, token }) {
    expect([method, path, token]).toEqual(['POST', 'auth/token/renew-self', 'hvs.a']);
    renewals += 1;
    const answer = (await pending) ?? answers.shift() ?? granted(grantedSeconds);
    if (answer instanceof Error) throw answer;
    return answer;
  },
};

function granted(seconds: number): VaultAnswer {
  const auth = { client_token: 'hvs.a', lease_duration: seconds, renewable: true };
  return { status: 200, body: { auth } };
}

function keep(seconds: number, isRenewable = true): () => void {
  grantedSeconds = seconds;
  const lease = { token: 'hvs.a', seconds, isRenewable };
  const onEnd = (): void => {
    ends += 1;
  };
  return keepRenewed({ client, lease, timeoutMs: 5000, onEnd });
}

/** What has happened after so many more seconds. */
async function wait(seconds: number): Promise<{ renewals: number; ends: number }> {
  await jest.advanceTimersByTimeAsync(Math.round(seconds * 1000));
  return { renewals, ends };
}

beforeEach(() => {
  jest.useFakeTimers();
  [answers, pending, renewals, ends] = [[], undefined, 0, 0];
});

afterEach(() => {
  jest.useRealTimers();
});

describe('a lease', () => {
  test('is renewed at two thirds of its time, again and again', async () => {
    keep(60);
    expect(await wait(39.9)).toEqual({ renewals: 0, ends: 0 });
    expect(await wait(0.1)).toEqual({ renewals: 1, ends: 0 });
    expect(await wait(39.9)).toEqual({ renewals: 1, ends: 0 });
    expect(await wait(0.1)).toEqual({ renewals: 2, ends: 0 });
  });

  test.each([
    [0.03, 0.1],
    [9e6, 86_400],
  ])('of %d s is renewed after %d s: neither all the time nor too late for a timer', async (lease, delay) => {
    keep(lease);
    expect(await wait(delay - 0.001)).toEqual({ renewals: 0, ends: 0 });
    expect(await wait(0.001)).toEqual({ renewals: 1, ends: 0 });
  });

  test('without an end is left alone', async () => {
    keep(0);
    expect(await wait(1e6)).toEqual({ renewals: 0, ends: 0 });
  });

  test('that cannot be renewed ends at two thirds of its time, once', async () => {
    keep(60, false);
    expect(await wait(39.9)).toEqual({ renewals: 0, ends: 0 });
    expect(await wait(1e6)).toEqual({ renewals: 0, ends: 1 });
  });

  test('is not renewed any more once that was ended, and ends nothing', async () => {
    keep(60)();
    keep(60, false)();
    expect(await wait(1e6)).toEqual({ renewals: 0, ends: 0 });
  });

  test.each<[string, VaultAnswer]>([
    ['granted', granted(60)],
    ['refused', { status: 403, body: {} }],
  ])('that was ended while its renewal was under way stays so, be that %s', async (_how, answer) => {
    let give = (_: VaultAnswer): void => undefined;
    pending = new Promise((resolve) => {
      give = resolve;
    });
    const end = keep(60);
    await wait(40);
    end();
    give(answer);
    expect(await wait(1e6)).toEqual({ renewals: 1, ends: 0 });
  });

  test.each([
    [60, 6],
    [3600, 30],
  ])('of %d s is tried again every %d s while the server is away', async (seconds, retry) => {
    answers = [new Error('ECONNREFUSED'), { status: 503, body: {} }, { status: 429, body: {} }];
    keep(seconds);
    expect(await wait((seconds * 2) / 3)).toEqual({ renewals: 1, ends: 0 });
    expect(await wait(retry - 0.001)).toEqual({ renewals: 1, ends: 0 });
    expect(await wait(0.001)).toEqual({ renewals: 2, ends: 0 });
    expect(await wait(2 * retry)).toEqual({ renewals: 4, ends: 0 });
  });

  test.each<[string, VaultAnswer]>([
    ['refused', { status: 403, body: {} }],
    ['refused, whatever else is said', { ...granted(60), status: 400 }],
    ['answered by something else', { status: 200, body: {} }],
    ['cut to less than half', granted(29)],
  ])('whose renewal is %s ends, once', async (_how, answer) => {
    answers = [answer];
    keep(60);
    expect(await wait(40)).toEqual({ renewals: 1, ends: 1 });
    expect(await wait(1e6)).toEqual({ renewals: 1, ends: 1 });
  });

  test('is compared with the longest that it was', async () => {
    answers = [granted(30), granted(100), granted(60), granted(49)];
    keep(60);
    expect(await wait(40)).toEqual({ renewals: 1, ends: 0 });
    expect(await wait(20)).toEqual({ renewals: 2, ends: 0 });
    expect(await wait(67)).toEqual({ renewals: 3, ends: 0 });
    expect(await wait(40)).toEqual({ renewals: 4, ends: 1 });
  });
});

describe('readLease', () => {
  test.each([true, false])('reads whether a token can be renewed: %j', (renewable) => {
    expect(readLease({ client_token: 'hvs.a', lease_duration: 60, renewable })).toEqual({
      token: 'hvs.a',
      seconds: 60,
      isRenewable: renewable,
    });
  });

  test.each([
    [undefined],
    [null],
    [7],
    [{}],
    [{ client_token: 'hvs.a' }],
    [{ lease_duration: 60 }],
    [{ client_token: 7, lease_duration: 60 }],
    [{ client_token: 'hvs.a', lease_duration: '60' }],
  ])('finds none in %j', (auth) => {
    expect(readLease(auth)).toBeUndefined();
  });
});
