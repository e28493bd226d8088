import { expect, test } from '@jest/globals';
import { describeAuthInfo } from '../../../src/accept/mcp/auth-info.js';
import { createVerifiedToken } from '../../../src/token/claims/verified-token.js';
import { thrownBy } from '../../support/caught.js';
import { AUDIENCE, ISSUER, NOW } from '../../support/tokens.js';

const describeToken = (overrides: object) => {
  const claims = {
    iss: ISSUER,
    sub: 'alice',
    aud: AUDIENCE,
    exp: NOW,
    iat: NOW,
    jti: '1',
    client_id: 'editor',
  };
  const token = createVerifiedToken(
    'external',
    { ...claims, ...overrides },
    { header: {}, scope: ['notes:read'] },
  );
  return describeAuthInfo(token, 'presented');
};

test.each([
  ['one audience', AUDIENCE, `${AUDIENCE}/`],
  ['an array of one audience', [`${AUDIENCE}/mcp`], `${AUDIENCE}/mcp`],
  ['several audiences', [AUDIENCE, 'https://other.example.com'], undefined],
  ['an audience that is not a URL', 'notes', undefined],
])('the resource is the only audience, as a URL: %s', (_name, aud, href) => {
  expect(describeToken({ aud }).resource?.href).toBe(href);
});

test('changes to the scopes do not change the token', () => {
  describeToken({}).scopes.push('notes:write');

  expect(describeToken({}).scopes).toEqual(['notes:read']);
});

test('a token that names no client is rejected with 403', () => {
  expect(thrownBy(() => describeToken({ client_id: undefined }))).toMatchObject({
    status: 403,
    message: 'The access token names no client',
  });
});
