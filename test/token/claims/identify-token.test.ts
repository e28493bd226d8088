import { describe, expect, test } from '@jest/globals';
import { identifyToken } from '../../../src/token/claims/identify-token.js';
import { createVerifiedToken } from '../../../src/token/claims/verified-token.js';
import { AUDIENCE, ISSUER, NOW } from '../../support/tokens.js';

const CLAIMS = { iss: ISSUER, aud: AUDIENCE, exp: NOW + 600, iat: NOW, jti: 'j1' };

describe('identifyToken', () => {
  test('names the token, its key, its client and its subject', () => {
    const claims = { ...CLAIMS, client_id: 'demo', sub: 'alice' };
    const token = createVerifiedToken('foreign', claims, { header: { kid: 'k1' }, scope: ['read'] });
    expect(identifyToken(token)).toStrictEqual({ jti: 'j1', kid: 'k1', clientId: 'demo', subject: 'alice' });
  });

  test.each([[{}], [{ kid: 1 }], [{ kid: null }]])(
    'leaves out what the token with the header %j does not say',
    (header) => {
      const token = createVerifiedToken('foreign', CLAIMS, { header, scope: [] });
      expect(identifyToken(token)).toStrictEqual({ jti: 'j1' });
    },
  );
});
