import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import passport from 'passport';
import { type AuditTrail, authenticate, JweStrategy, type KeyRing } from 'passport-jwe';
import request from 'supertest';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

const AGENT = 'Mozilla/5.0 (a phone) <script>';

let keyRing: KeyRing;

beforeAll(async () => {
  keyRing = await createRing();
});

const guards = {
  authenticate: (audit: AuditTrail) => authenticate({ ...optionsOf(), audit }),
  JweStrategy(audit: AuditTrail) {
    const authenticator = new passport.Passport();
    authenticator.use(new JweStrategy({ ...optionsOf(), audit }));
    return authenticator.authenticate('jwe', { session: false });
  },
};

function optionsOf() {
  return { keyRing, issuer: ISSUER, audience: AUDIENCE, clock };
}

describe.each(['authenticate', 'JweStrategy'] as const)(
  'the audit event of %s for an accepted token',
  (name) => {
    test('contains the address, the session and a digest of the user agent, but not its text', async () => {
      const { audit, records } = createAuditRecorder();
      const app = express().set('trust proxy', 1).use(guards[name](audit));
      const token = mintToken(keyRing, { claims: { session_id: 's1' } });
      await request(app)
        .get('/')
        .set('Authorization', `Bearer ${token}`)
        .set('X-Forwarded-For', '2001:db8::7')
        .set('User-Agent', AGENT);

      const agent = createHash('sha256').update(AGENT).digest('base64url').slice(0, 12);
      expect(records).toMatchObject([
        { type: 'token.accepted', sessionId: 's1', ip: '2001:db8::7', agent, count: 1 },
      ]);
      expect(JSON.stringify(records)).not.toContain('phone');
    });

    test('has an address without its zone, which can be any text', async () => {
      const { audit, records } = createAuditRecorder();
      const app = express().set('trust proxy', 1).use(guards[name](audit));
      await request(app)
        .get('/')
        .set('Authorization', `Bearer ${mintToken(keyRing)}`)
        .set('X-Forwarded-For', 'fe80::1%any-text');

      expect(records).toMatchObject([{ type: 'token.accepted', ip: 'fe80::1' }]);
    });

    test('has no address if a header has none, and no digest if there is no user agent', async () => {
      const { audit, records } = createAuditRecorder();
      const app = express().set('trust proxy', 1).use(guards[name](audit));
      await request(app)
        .get('/')
        .set('Authorization', `Bearer ${mintToken(keyRing)}`)
        .set('X-Forwarded-For', 'somewhere')
        .unset('User-Agent');

      expect(records.map((record) => Object.keys(record))).toEqual([
        ['type', 'jti', 'kid', 'clientId', 'subject', 'proven', 'count', 'time'],
      ]);
    });

    test('is recorded at once for a second address', async () => {
      const { audit, records } = createAuditRecorder();
      const app = express().set('trust proxy', 1).use(guards[name](audit));
      const token = mintToken(keyRing);
      for (const address of ['192.0.2.1', '192.0.2.1', '198.51.100.7']) {
        await request(app).get('/').set('Authorization', `Bearer ${token}`).set('X-Forwarded-For', address);
      }

      expect(records).toMatchObject([{ ip: '192.0.2.1' }, { ip: '198.51.100.7' }]);
    });
  },
);

test('the client address is not read without an audit trail', async () => {
  const app = express();
  app.use((req, _res, next) => {
    const get = () => {
      throw new Error('The address was read');
    };
    Object.defineProperty(req, 'ip', { get });
    next();
  });
  app.get('/', authenticate(optionsOf()), (_req, res) => void res.end());
  const answer = await request(app)
    .get('/')
    .set('Authorization', `Bearer ${mintToken(keyRing)}`);

  expect(answer.status).toBe(200);
});
