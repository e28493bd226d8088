import { describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  authenticate,
  createAuditTrail,
  createMemoryStores,
  createRevocations,
  TemporarilyUnavailableError,
} from 'passport-jwe';
import { type AnswersByKind, type AnswerTarget, createMonitor } from 'passport-jwe/monitor';
import request from 'supertest';
import { createMonitoredTrail, eventOf, type MonitoredTrail } from '../support/monitored-trail.js';
import { AUDIENCE, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';

const NINETY_DAYS = 7_776_000;

function setUp(by: AnswersByKind) {
  const revoked: AnswerTarget[] = [];
  const revocations = {
    revoke: async (target: AnswerTarget) => void revoked.push(target),
    maxTokenLifetimeSeconds: NINETY_DAYS,
  };
  const trail = createMonitoredTrail({
    answer: { revocations: () => revocations, by },
    thresholds: { sudden_rate: { minCount: 10, warmUpWindows: 1 } },
  });
  return { ...trail, revoked };
}

/** One event or more after which there is an alert of that kind. */
const CAUSES = {
  token_from_many_addresses({ recordAt }: MonitoredTrail) {
    for (let index = 0; index < 5; index += 1) recordAt(0, eventOf.accepted({ ip: `192.0.2.${index}` }));
  },
  refresh_token_reused: ({ recordAt }: MonitoredTrail) => recordAt(0, eventOf.ended('reused')),
  refusals_of_client: ({ recordAt }: MonitoredTrail) =>
    recordAt(0, eventOf.issuanceRefused({ code: 'ERR_INVALID_SCOPE', clientId: 'demo' }), 60),
  sudden_rate({ recordAt }: MonitoredTrail) {
    recordAt(0, eventOf.issued());
    recordAt(300, eventOf.issued(), 10);
  },
};

/** What a holder of an exported access key may put into a token: the names of anybody. */
const FORGED = { jti: 'j1', clientId: 'demo', subject: 'alice', sessionId: 's1' };

const TOKEN = { kind: 'token', jti: 'j1', clientId: 'demo', expiresAt: NOW + NINETY_DAYS };
const SESSION = { kind: 'session', clientId: 'demo', sessionId: 's1', subject: 'alice' };
const API_KEY = { kind: 'api_key', clientId: 'demo' };

describe('the answer of a monitor', () => {
  test.each([
    ['token_from_many_addresses', 'token', TOKEN],
    ['token_from_many_addresses', 'session', SESSION],
    ['token_from_many_addresses', 'api_key', API_KEY],
    ['refresh_token_reused', 'session', SESSION],
    ['refresh_token_reused', 'api_key', API_KEY],
    ['refusals_of_client', 'api_key', API_KEY],
    ['sudden_rate', 'api_key', API_KEY],
  ] as const)('to %s revokes what it was told to: %s', (kind, choice, target) => {
    const trail = setUp({ [kind]: choice });
    CAUSES[kind](trail);

    expect(trail.alerts.map((alert) => alert.kind)).toContain(kind);
    expect(trail.revoked).toEqual([target]);
  });

  test.each(['session', 'api_key'] as const)('revokes a token alone if it has no %s', (choice) => {
    const trail = setUp({ token_from_many_addresses: choice });
    for (let index = 0; index < 5; index += 1) {
      const token = { jti: 'j1', proven: true, ip: `192.0.2.${index}` } as const;
      trail.recordAt(0, { type: 'token.accepted', ...token, count: 1 });
    }

    expect(trail.revoked).toEqual([{ kind: 'token', jti: 'j1', expiresAt: NOW + NINETY_DAYS }]);
  });

  test.each(['token', 'session', 'api_key'] as const)(
    'revokes nothing for a shared token without proof of issuance: %s',
    (choice) => {
      const { alerts, revoked, recordAt } = setUp({ token_from_many_addresses: choice });
      for (let index = 0; index < 5; index += 1) {
        recordAt(0, { type: 'token.accepted', ...FORGED, ip: `192.0.2.${index}`, count: 1 });
      }

      expect(alerts).toMatchObject([{ kind: 'token_from_many_addresses', clientId: 'demo' }]);
      expect(revoked).toEqual([]);
    },
  );

  test('revokes nothing for rejections or sudden rates without proof of issuance', () => {
    const { alerts, revoked, recordAt } = setUp({ refusals_of_client: 'api_key', sudden_rate: 'api_key' });
    recordAt(0, { type: 'token.refused', code: 'ERR_INSUFFICIENT_SCOPE', ...FORGED }, 60);
    recordAt(0, { type: 'token.accepted', ...FORGED, count: 1 });
    recordAt(300, { type: 'token.accepted', ...FORGED, count: 10 });

    expect(alerts.map(({ kind }) => kind).sort()).toEqual(['refusals_of_client', 'sudden_rate']);
    expect(revoked).toEqual([]);
  });

  test('counts tokens with proof of issuance separately from others of the same name', () => {
    const { alerts, revoked, recordAt } = setUp({ token_from_many_addresses: 'token' });
    for (let index = 0; index < 4; index += 1) {
      recordAt(0, { type: 'token.accepted', ...FORGED, ip: `192.0.2.${index}`, count: 1 });
    }
    recordAt(0, eventOf.accepted({ ip: '192.0.2.5' }));

    expect([alerts, revoked]).toEqual([[], []]);
  });

  test('revokes nothing for kinds that it does not name', () => {
    const trail = setUp({ sudden_rate: 'api_key' });
    CAUSES.token_from_many_addresses(trail);
    CAUSES.refresh_token_reused(trail);
    CAUSES.refusals_of_client(trail);

    expect(trail.alerts).toHaveLength(4);
    expect(trail.revoked).toEqual([]);
  });

  test('that fails goes to onError, and the callback still receives the alert', async () => {
    const errors: unknown[] = [];
    const outage = new TemporarilyUnavailableError();
    const revocations = { revoke: () => Promise.reject(outage), maxTokenLifetimeSeconds: 60 };
    const { alerts, recordAt } = createMonitoredTrail({
      answer: { revocations: () => revocations, by: { refresh_token_reused: 'session' } },
      onError: (error) => void errors.push(error),
    });
    recordAt(0, eventOf.ended('reused'));
    await new Promise((resolve) => setImmediate(resolve));

    expect(errors).toEqual([outage]);
    expect(alerts).toHaveLength(1);
  });

  test('revokes the token of the attacker, and no other', async () => {
    const keyRing = await createRing();
    let now = NOW;
    const clock = () => now;
    const monitor = createMonitor({
      answer: { revocations: () => revocations, by: { token_from_many_user_agents: 'token' } },
    });
    const audit = createAuditTrail({ sinks: [monitor], clock });
    const revocations = createRevocations({ stores: createMemoryStores(), audit, clock });
    const app = express().set('trust proxy', 1);
    app.get('/', authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, revocations, audit, clock }));
    app.get('/', (_req, res) => void res.end());
    const [stolen, other] = ['j1', 'j2'].map((jti) => mintToken(keyRing, { claims: { jti } }));
    const useAt = async (seconds: number, token: string | undefined, address: string, agent = address) => {
      now = NOW + seconds;
      const headers = { Authorization: `Bearer ${token}`, 'X-Forwarded-For': address, 'User-Agent': agent };
      return (await request(app).get('/').set(headers)).status;
    };

    expect([await useAt(0, stolen, '192.0.2.1'), await useAt(5, stolen, '198.51.100.9')]).toEqual([200, 200]);
    expect(await useAt(65, stolen, '192.0.2.1')).toBe(200);
    expect(await useAt(66, stolen, '198.51.100.9')).toBe(401);
    expect(await useAt(66, other, '192.0.2.1')).toBe(200);
  });
});
