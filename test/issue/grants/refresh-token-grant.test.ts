import { expect, test } from '@jest/globals';
import { noAuditTrail } from '../../../src/audit/record.js';
import { refreshTokenGrant } from '../../../src/issue/grants/refresh-token-grant.js';
import { internalsOf } from '../../../src/keys/key-ring-internals.js';
import { createRefreshFamilies } from '../../../src/sessions/refresh-families.js';
import { resolveRefreshSettings } from '../../../src/sessions/refresh-settings.js';
import { refreshTokenCodec } from '../../../src/sessions/refresh-token-codec.js';
import { createMemoryStores } from '../../../src/stores/memory/create-memory-stores.js';
import { apiKeyOf } from '../../support/api-key-files.js';
import { createIssuerAndVerifier } from '../../support/issuer-and-verifier.js';
import { AUDIENCE, createRing, ISSUER, NOW } from '../../support/tokens.js';

/** `iat` of an access token that is refreshed where what is known of revocations is `ageSeconds` old. */
async function dateOfRefreshed(ageSeconds: number, sinceBeginning: number): Promise<number> {
  let now = NOW;
  const clock = () => now;
  const keyRing = await createRing();
  const codec = refreshTokenCodec(internalsOf(keyRing), ISSUER);
  const families = createRefreshFamilies({
    store: createMemoryStores({ clock }).families,
    codec,
    revocations: { isFamilyRevoked: () => false, ageSeconds, revoke: async () => undefined },
    settings: resolveRefreshSettings({}, 'tokenRouter'),
    audit: noAuditTrail,
    clock,
  });
  const tokens = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
  const apiKey = apiKeyOf();
  const begun = await families.begin({
    clientId: apiKey.keyId,
    subject: apiKey.keyId,
    subjectAsserted: false,
    audience: AUDIENCE,
    scope: '',
  });
  now += sinceBeginning;
  const response = await refreshTokenGrant({ families, codec }).handle({
    tokens,
    apiKey,
    isPublic: false,
    apiKeys: { get: () => apiKey },
    parameters: new Map([['refresh_token', begun.refreshToken]]),
    defaultAudience: AUDIENCE,
    origin: {},
    requestedAt: now,
    clock,
  });
  return (await tokens.verify(response.access_token)).claims.iat;
}

test.each([
  ['now, if all revocations are known', 0, 100, 100],
  ['with the time up to which all revocations are known, so that later ones cover it', 4, 100, 96],
  ['no earlier than its family', 4, 1, 0],
])('a refreshed access token is dated %s', async (_name, ageSeconds, sinceBeginning, expected) => {
  expect((await dateOfRefreshed(ageSeconds, sinceBeginning)) - NOW).toBe(expected);
});
