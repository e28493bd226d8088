import { beforeEach, describe, expect, test } from '@jest/globals';
import { createSessionApp, SESSION_KEYS, type SessionApp } from '../support/session-app.js';

const DEMO = String(SESSION_KEYS['demo.yaml']);
const INVALID_GRANT = { status: 400, body: { error: 'invalid_grant' } };
const NAMED = { client_id: 'demo' };

let confidential: SessionApp;
let turnedPublic: SessionApp;

beforeEach(async () => {
  confidential = await createSessionApp();
  turnedPublic = await confidential.rebuild({
    files: { ...SESSION_KEYS, 'demo.yaml': `${DEMO}refresh_tokens: public\n` },
  });
});

describe('a family without a device, once its key is public,', () => {
  test('is not refreshed by a client without a secret', async () => {
    const { refreshToken } = await confidential.begin();

    expect(await turnedPublic.refresh(refreshToken, NAMED, undefined)).toMatchObject(INVALID_GRANT);
    expect(turnedPublic.records).toContainEqual(
      expect.objectContaining({ type: 'issuance.refused', reason: 'no_device', clientAsserted: true }),
    );
  });

  test('is not refreshed by a client without a secret that names its session', async () => {
    const { refreshToken } = await confidential.begin('sk-demo', { session_id: 's1' });
    const named = { ...NAMED, session_id: 's1' };

    expect(await turnedPublic.refresh(refreshToken, named, undefined)).toMatchObject(INVALID_GRANT);
  });

  test('is not refreshed by a client without a secret that invents a device', async () => {
    const { refreshToken } = await confidential.begin();
    const named = { ...NAMED, device_id: 'd1' };

    expect(await turnedPublic.refresh(refreshToken, named, undefined)).toMatchObject(INVALID_GRANT);
  });

  test('does not repeat its last response to a client without a secret', async () => {
    const { refreshToken } = await confidential.begin();
    await confidential.refresh(refreshToken);

    expect(await turnedPublic.refresh(refreshToken, NAMED, undefined)).toMatchObject(INVALID_GRANT);
  });

  test('is refreshed by a client with its secret, and was not changed by one without', async () => {
    const { refreshToken } = await confidential.begin();
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await turnedPublic.refresh(refreshToken, NAMED, undefined);
    }

    expect((await turnedPublic.refresh(refreshToken)).status).toBe(200);
  });
});

test('a family with a device is refreshed by a public client that names it, though it began as a confidential one', async () => {
  const { refreshToken } = await confidential.begin('sk-demo', { device_id: 'd1' });
  const named = { ...NAMED, device_id: 'd1' };

  expect((await turnedPublic.refresh(refreshToken, named, undefined)).status).toBe(200);
});
