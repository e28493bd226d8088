import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { authenticate, createAuditTrail, createDecryptionKeys, trustedIssuer } from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import request from 'supertest';
import { generateRecipient, generateSigner } from '../support/key-pairs.js';
import { createParties, forgeNested, signText } from '../support/signed-tokens.js';
import { AUDIENCE, claimsOf, clock, NOW } from '../support/tokens.js';

const PARTNER = 'https://partner.example.com';
const partner = await createParties(
  generateRecipient('ECDH-ES', { kid: 'api' }, 'X25519'),
  generateSigner('EdDSA', { kid: 'partner-1' }),
);
const claims = { iss: PARTNER, client_id: 'app', sub: 'alice', jti: 'j1' };
const signed = signText(
  JSON.stringify({ alg: 'EdDSA', kid: 'partner-1', typ: 'at+jwt' }),
  JSON.stringify(claimsOf(claims)),
  partner.signer.privateJwk,
);

async function createService() {
  const records: AuditRecord[] = [];
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const issuer = trustedIssuer({
    issuer: PARTNER,
    audience: AUDIENCE,
    scopes: [],
    decryption: await createDecryptionKeys({ jwk: partner.recipient.privateJwk }),
    verification: partner.verificationKeys,
    signedOnly: { until: NOW + 86_400 },
  });
  const app = express().use(authenticate({ trustedIssuers: [issuer], audit, clock }));
  app.get('/', (_req, res) => void res.json({}));
  const use = async (token: string) => (await request(app).get('/').auth(token, { type: 'bearer' })).status;
  return { use, ofType: (type: string) => records.filter((record) => record.type === type) };
}

describe('a token without encryption', () => {
  test('is recorded for each request', async () => {
    const { use, ofType } = await createService();
    expect([await use(signed), await use(signed)]).toEqual([200, 200]);

    expect(ofType('token.not_encrypted')).toMatchObject([
      { issuer: PARTNER, jti: 'j1', kid: 'partner-1', clientId: 'app', subject: 'alice' },
      { issuer: PARTNER, jti: 'j1' },
    ]);
    expect(JSON.stringify(ofType('token.not_encrypted'))).not.toContain(signed);
  });

  test('is distinguished from an encrypted one, which causes no such event', async () => {
    const { use, ofType } = await createService();
    expect(await use(await forgeNested(partner, { claims }))).toBe(200);

    expect(ofType('token.accepted')).toHaveLength(1);
    expect(ofType('token.not_encrypted')).toEqual([]);
  });
});
