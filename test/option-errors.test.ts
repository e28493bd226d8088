import { describe, expect, test } from '@jest/globals';
import {
  authenticate,
  authorizationServerMetadata,
  bearerErrors,
  createAuditTrail,
  createDecryptionKeys,
  createKeyRing,
  createLegacyKey,
  createLimits,
  createMemoryStores,
  createRevocations,
  createSessions,
  createSigningKey,
  createSteadyClock,
  createTokenClient,
  createTokenIssuer,
  createTokenVerifier,
  createVerificationKeys,
  directoryKeySource,
  discoverJwks,
  environmentKeySource,
  fileKeySource,
  forwardAuth,
  generateKeySet,
  JweStrategy,
  limitRequests,
  loadApiKeys,
  openKeyRing,
  passphraseKeySource,
  protectedResourceMetadata,
  protectedResourceUrl,
  publicKeysEndpoint,
  publishAccessKeys,
  remoteJwks,
  requireAnyScope,
  requireAudience,
  requireClaim,
  requireFunctions,
  requireMaxAge,
  requireModel,
  requireScope,
  requireType,
  sessionRouter,
  tokenRouter,
  trustedIssuer,
  watchApiKeys,
} from 'passport-jwe';
import { generateApiKey } from 'passport-jwe/api-keys';
import { openAuditFile, pinoSink, verifyAuditFile } from 'passport-jwe/audit';
import { ldapDirectory } from 'passport-jwe/ldap';
import { createMonitor } from 'passport-jwe/monitor';
import { vaultKeySource } from 'passport-jwe/vault';
import { openLmdbStores } from '../src/stores/lmdb/open-lmdb-stores.js';
import { openRedisStores } from '../src/stores/redis/open-redis-stores.js';
import { loadFiles, MINIMAL_FILE } from './support/api-key-files.js';
import { rejectionOf } from './support/caught.js';
import { generateEc, generateRsa } from './support/key-pairs.js';
import { AUDIENCE, createRing, ISSUER, secretOf } from './support/tokens.js';

type Callee = (...args: never[]) => unknown;

/** Function, option that its message names, and the arguments, as a caller without TypeScript passes them. */
type Case = readonly [callee: Callee, option: string, ...args: readonly unknown[]];

const keyRing = await createRing();
const stores = createMemoryStores();
const revocations = createRevocations({ stores });
const sessions = createSessions({ stores, revocations });
const limits = createLimits({ stores });
const LDAP = {
  ...{ url: 'ldaps://ldap.example.com', baseDn: 'dc=example,dc=com' },
  ...{ bindDn: 'cn=service,dc=example,dc=com', bindPasswordFile: '/run/secrets/ldap' },
};
const issuer = createTokenIssuer({ keyRing, issuer: ISSUER, audience: AUDIENCE });
const apiKeys = await loadFiles({ 'demo.yaml': MINIMAL_FILE });
const legacyKey = await createLegacyKey({ secret: secretOf(9) });
const rotating = await openKeyRing({ source: { name: 'fixed', load: async () => generateKeySet() } });
await rotating.close();

const accept = { keyRing, issuer: ISSUER, audience: AUDIENCE };
const route = { ...accept, apiKeys };
const proofs = { mode: 'allow', baseUrl: ISSUER };
const resource = { resource: AUDIENCE, authorizationServers: [ISSUER] };
const described = { tokenRouter: tokenRouter(route), url: ISSUER };
const secret = secretOf(1);
/** A key ring without roots, as a resource server has with an exported access key. */
const rootless = await createKeyRing({ current: { jwks: keyRing.exportAccessKeys(AUDIENCE) } });
const sharedJwk = { kty: 'oct', kid: 'shared', k: secret.toString('base64url') };
const visiting = {
  issuer: 'https://idp.example.com',
  audience: AUDIENCE,
  scopes: ['read'],
  decryption: await createDecryptionKeys({ jwk: privateJwk() }),
  verification: await createVerificationKeys({ jwks: { keys: [publicJwk()] } }),
};
const { verification: _, ...unsigned } = visiting;
const shared = {
  ...unsigned,
  decryption: await createDecryptionKeys({ jwk: sharedJwk }),
};
const trusted = trustedIssuer(visiting);
const legacy = { key: legacyKey, issuer: 'old', audience: AUDIENCE, type: 'foreign', until: 1_893_456_000 };
const signer = await createSigningKey({
  jwk: generateEc('P-256', { kid: 'client', alg: 'ES256' }).privateJwk,
});
const client = {
  tokenEndpoint: 'https://auth.example.com/oauth/token',
  clientId: 'billing',
  clientSecret: 'not-a-real-secret',
  audience: AUDIENCE,
};
const vault = { url: 'https://vault.example.com', path: 'jwe', auth: { token: 'not-a-real-token' } };

function publicJwk() {
  return {
    kty: 'OKP',
    crv: 'Ed25519',
    alg: 'EdDSA',
    kid: 'one',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  };
}

function privateJwk() {
  return { ...generateRsa({ kid: 'api' }).privateJwk };
}

/** Cases of `trustedIssuer()`. */
function casesOfTrustedIssuer(): readonly Case[] {
  const with_ = (changed: object) => ({ ...visiting, ...changed });
  const callee = trustedIssuer;
  return [
    [callee, 'options'],
    [callee, 'typo', with_({ typo: 1 })],
    [callee, 'issuer', with_({ issuer: '' })],
    [callee, 'audience', with_({ audience: [] })],
    [callee, 'scopes', with_({ scopes: 'read' })],
    [callee, 'scopes', with_({ scopes: ['a b'] })],
    [callee, 'scopes', with_({ scopes: { read: ['a b'] } })],
    [callee, 'decryption', with_({ decryption: {} })],
    [callee, 'decryption', with_({ decryption: undefined })],
    [callee, 'decryption', with_({ decryption: shared.decryption, issuer: () => true })],
    [callee, 'verification', with_({ verification: {} })],
    [callee, 'verification', with_({ verification: undefined })],
    [callee, 'keyManagementAlgorithms', with_({ keyManagementAlgorithms: ['RSA1_5'] })],
    [callee, 'contentEncryptionAlgorithms', with_({ contentEncryptionAlgorithms: [] })],
    [callee, 'signatureAlgorithms', with_({ signatureAlgorithms: ['none'] })],
    [callee, 'signatureAlgorithms', with_({ signatureAlgorithms: ['HS256'] })],
    [callee, 'typ', with_({ typ: [] })],
    [callee, 'typ', with_({ typ: ['rt+jwt'] })],
    [callee, 'requiredClaims', with_({ requiredClaims: [7] })],
    [callee, 'scopeClaim', with_({ scopeClaim: '' })],
    [callee, 'clientClaim', with_({ clientClaim: '' })],
    [callee, 'impliedClaims', with_({ impliedClaims: ['sub'] })],
    [callee, 'impliedClaims', with_({ impliedClaims: ['iss'] })],
    [callee, 'clockToleranceSeconds', with_({ clockToleranceSeconds: 61 })],
    [callee, 'maxTokenAgeSeconds', with_({ maxTokenAgeSeconds: 0 })],
    [callee, 'maxTokenLifetimeSeconds', with_({ maxTokenLifetimeSeconds: '1h' })],
    [callee, 'kidlessRotation', with_({ kidlessRotation: 1 })],
    [callee, 'signedOnly', with_({ signedOnly: true })],
    [callee, 'signedOnly.until', with_({ signedOnly: { until: '2027' } })],
    [callee, 'signedOnly requires', { ...shared, signedOnly: { until: 1_893_456_000 } }],
  ];
}

function publicX25519() {
  return {
    kty: 'OKP',
    crv: 'X25519',
    kid: 'one',
    x: 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo',
  };
}

/** Construct a strategy like a function, so that it has a place in the table. */
function strategy(options: ConstructorParameters<typeof JweStrategy>[0], verify?: () => void) {
  return Reflect.construct(JweStrategy, [options, verify]);
}

/** Cases that every function of a verifier shares. */
function casesOfVerifier(callee: Callee): readonly Case[] {
  const with_ = (changed: object) => ({ ...accept, ...changed });
  return [
    [callee, 'options'],
    [callee, 'typo', with_({ typo: true })],
    [callee, 'keyRing', with_({ keyRing: {} })],
    [callee, 'issuer', with_({ issuer: undefined })],
    [callee, 'audience', with_({ audience: [] })],
    [callee, 'typ', with_({ typ: 7 })],
    [callee, 'clockToleranceSeconds', with_({ clockToleranceSeconds: 61 })],
    [callee, 'maxTokenAgeSeconds', with_({ maxTokenAgeSeconds: 0 })],
    [callee, 'maxTokenLifetimeSeconds', with_({ maxTokenLifetimeSeconds: '1h' })],
    [callee, 'maxTokenLength', with_({ maxTokenLength: 1.5 })],
    [callee, 'requiredClaims', with_({ requiredClaims: 'sub' })],
    [callee, 'requiredClaims', with_({ requiredClaims: [7] })],
    [callee, 'scopeClaim', with_({ scopeClaim: '' })],
    [callee, 'claimsSchema', with_({ claimsSchema: {} })],
    [callee, 'clock', with_({ clock: 7 })],
    [callee, 'apiKeys', with_({ apiKeys: {} })],
    [callee, 'revocations', with_({ revocations: {} })],
    [callee, 'verification', with_({ verification: [] })],
    [callee, 'verification', with_({ verification: { [ISSUER]: {} } })],
    [callee, 'tokenCache must', with_({ tokenCache: 7 })],
    [callee, 'tokenCache.maxEntries', with_({ tokenCache: { maxEntries: 0 } })],
    [callee, 'legacy', with_({ legacy: 7 })],
    [callee, 'legacy.key', with_({ legacy: { ...legacy, key: {} } })],
    [callee, 'legacy.issuer', with_({ legacy: { ...legacy, issuer: '' } })],
    [callee, 'legacy.audience', with_({ legacy: { ...legacy, audience: 'other' } })],
    [callee, 'legacy.type', with_({ legacy: { ...legacy, type: 'delegation' } })],
    [callee, 'legacy.until', with_({ legacy: { ...legacy, until: '2027' } })],
    [callee, 'trustedIssuers must', with_({ trustedIssuers: {} })],
    [callee, 'trustedIssuers[0] must', with_({ trustedIssuers: [7] })],
    [callee, 'trustedIssuers[1].issuer', with_({ trustedIssuers: [trusted, trusted] })],
    [
      callee,
      'trustedIssuers[1].decryption',
      with_({
        trustedIssuers: [
          trustedIssuer(shared),
          trustedIssuer({ ...shared, issuer: 'https://other.example' }),
        ],
      }),
    ],
    [
      callee,
      'trustedIssuers[0]: signedOnly',
      with_({ trustedIssuers: [trustedIssuer({ ...visiting, signedOnly: { until: 9e9 } })] }),
    ],
    [callee, 'issuer requires keyRing', { issuer: ISSUER, trustedIssuers: [trusted] }],
    [callee, 'keyRing must', { trustedIssuers: [] }],
  ];
}

/** Cases of the option `dpop`. */
function casesOfDpop(callee: Callee): readonly Case[] {
  const with_ = (changed: object) => ({
    ...accept,
    dpop: { mode: 'allow', baseUrl: AUDIENCE, ...changed },
  });
  const { replays } = stores;
  return [
    [callee, 'dpop must', { ...accept, dpop: true }],
    [callee, 'dpop: unknown option typo', with_({ typo: 1 })],
    [callee, 'dpop.mode', with_({ mode: undefined })],
    [callee, 'dpop.mode', with_({ mode: 'on' })],
    [callee, 'dpop.baseUrl', with_({ baseUrl: undefined })],
    [callee, 'dpop.baseUrl', with_({ baseUrl: '/api' })],
    [callee, 'dpop.baseUrl', with_({ baseUrl: 'ftp://api.example.com' })],
    [callee, 'dpop.baseUrl', with_({ baseUrl: 'https://user@api.example.com' })],
    [callee, 'dpop.baseUrl', with_({ baseUrl: 'https://api.example.com/?' })],
    [callee, 'dpop.baseUrl', with_({ baseUrl: 'https://api.example.com/#a' })],
    [callee, 'dpop.algorithms', with_({ algorithms: [] })],
    [callee, 'dpop.algorithms', with_({ algorithms: 'ES256' })],
    [callee, 'dpop.algorithms', with_({ algorithms: ['none'] })],
    [callee, 'dpop.algorithms', with_({ algorithms: ['ES256', 'HS256'] })],
    [callee, 'dpop.maxAgeSeconds', with_({ maxAgeSeconds: 0 })],
    [callee, 'dpop.maxAgeSeconds', with_({ maxAgeSeconds: 601 })],
    [callee, 'dpop.maxAgeSeconds', with_({ maxAgeSeconds: '60' })],
    [callee, 'dpop.nonce must', with_({ nonce: 'secret' })],
    [callee, 'dpop.nonce: unknown option key', with_({ nonce: { key: 'a' } })],
    [callee, 'dpop.nonce.secret', with_({ nonce: {} })],
    [callee, 'dpop.nonce.secret', with_({ nonce: { secret: 'a'.repeat(31) } })],
    [callee, 'dpop.nonce: the key ring has no root', { ...with_({ nonce: true }), keyRing: rootless }],
    [callee, 'dpop.replay must', with_({ replay: 7 })],
    [callee, 'dpop.replay: unknown option store', with_({ replay: { store: replays } })],
    [callee, 'stores.replays', with_({ replay: { stores: {} } })],
    [callee, 'dpop.replay.maxProofsPerKey', with_({ replay: { maxProofsPerKey: 0 } })],
    [callee, 'dpop.replay.maxProofsPerKey', with_({ replay: { maxProofsPerKey: 1.5 } })],
  ];
}

/** Cases that `authenticate()` and `JweStrategy` share. */
function casesOfAcceptor(callee: Callee): readonly Case[] {
  const with_ = (changed: object) => ({ ...accept, ...changed });
  return [
    ...casesOfVerifier(callee),
    ...casesOfDpop(callee),
    [callee, 'tokenLocations.authorization', with_({ tokenLocations: { authorization: 'dpop' } })],
    [
      callee,
      'tokenLocations.authorization',
      with_({ tokenLocations: { authorization: ['Bearer', 'DPoP'] } }),
    ],
    [callee, 'scope', with_({ scope: 'a  b' })],
    [callee, 'audit', with_({ audit: {} })],
    [callee, 'realm', with_({ realm: '"' })],
    [callee, 'resourceMetadata', with_({ resourceMetadata: 'http://example.com' })],
    [callee, 'tokenLocations must', with_({ tokenLocations: 7 })],
    [callee, 'tokenLocations: unknown', with_({ tokenLocations: { query: true } })],
    [callee, 'tokenLocations.header', with_({ tokenLocations: { header: 'x key' } })],
    [callee, 'tokenLocations.cookie', with_({ tokenLocations: { cookie: 'a=b' } })],
    [callee, 'tokenLocations', with_({ tokenLocations: { authorization: false } })],
  ];
}

/** Cases that `loadApiKeys()` and `watchApiKeys()` share. */
function casesOfApiKeys(callee: Callee): readonly Case[] {
  return [
    [callee, 'options'],
    [callee, 'typo', { directory: 'x', typo: 1 }],
    [callee, 'directory', {}],
    [callee, 'audit', { directory: 'x', audit: {} }],
  ];
}

const TABLE: Readonly<Record<string, readonly Case[]>> = {
  createTokenVerifier: casesOfVerifier(createTokenVerifier),
  trustedIssuer: casesOfTrustedIssuer(),
  authenticate: casesOfAcceptor(authenticate),
  forwardAuth: [
    ...casesOfAcceptor(forwardAuth),
    [forwardAuth, 'proxies', { ...accept, proxies: [] }],
    [forwardAuth, 'originalRequest', { ...accept, originalRequest: 'host' }],
    [forwardAuth, 'guards', { ...accept, guards: {} }],
  ],
  JweStrategy: [...casesOfAcceptor(strategy), [strategy, 'verify', accept, 7]],
  bearerErrors: [[bearerErrors, 'realm', { realm: '' }]],
  tokenRouter: [
    [tokenRouter, 'cors.origins', { ...route, cors: { origins: [] } }],
    [tokenRouter, 'options'],
    [tokenRouter, 'typo', { ...route, typo: 1 }],
    [tokenRouter, 'keyRing', { ...route, keyRing: {} }],
    [tokenRouter, 'issuer', { ...route, issuer: '' }],
    [tokenRouter, 'audience', { ...route, audience: 7 }],
    [tokenRouter, 'apiKeys', { ...route, apiKeys: {} }],
    [tokenRouter, 'audit', { ...route, audit: {} }],
    [tokenRouter, 'clock', { ...route, clock: 7 }],
    [tokenRouter, 'stores.families', { ...route, stores: {} }],
    [tokenRouter, 'stores.counters', { ...route, stores: { counters: {} } }],
    [tokenRouter, 'revocations', { ...route, revocations: {} }],
    [tokenRouter, 'verification', { ...route, verification: { [ISSUER]: 7 } }],
    [tokenRouter, 'signing', { ...route, signing: {} }],
    [tokenRouter, 'refresh must', { ...route, stores, refresh: 7 }],
    [tokenRouter, 'refresh.idleSeconds', { ...route, stores, refresh: { idleSeconds: 0 } }],
    [tokenRouter, 'surplusScopes', { ...route, surplusScopes: 'ignore' }],
    [tokenRouter, 'dpop must', { ...route, stores, dpop: 7 }],
    [tokenRouter, 'replay', { ...route, stores, dpop: { ...proofs, replay: { stores } } }],
    [tokenRouter, 'dpop.mode', { ...route, stores, dpop: { ...proofs, mode: 'off' } }],
    [tokenRouter, 'dpop.baseUrl', { ...route, stores, dpop: { mode: 'allow', baseUrl: '/' } }],
    [tokenRouter, 'dpop.algorithms', { ...route, stores, dpop: { ...proofs, algorithms: ['none'] } }],
    [tokenRouter, 'dpop.maxAgeSeconds', { ...route, stores, dpop: { ...proofs, maxAgeSeconds: 0 } }],
    [tokenRouter, 'dpop.nonce', { ...route, stores, dpop: { ...proofs, nonce: { secret: 'short' } } }],
    [tokenRouter, 'stores.replays', { ...route, dpop: proofs }],
    [tokenRouter, 'throttle must', { ...route, throttle: 7 }],
    [tokenRouter, 'throttle.failuresPerMinute', { ...route, throttle: { failuresPerMinute: 0 } }],
    [tokenRouter, 'provenanceSince', { ...route, provenanceSince: 'now' }],
  ],
  createTokenIssuer: [
    [createTokenIssuer, 'options'],
    [createTokenIssuer, 'typo', { keyRing, issuer: ISSUER, typo: 1 }],
    [createTokenIssuer, 'keyRing', { keyRing: {}, issuer: ISSUER }],
    [createTokenIssuer, 'issuer', { keyRing }],
    [createTokenIssuer, 'audience', { keyRing, issuer: ISSUER, audience: '' }],
    [createTokenIssuer, 'audit', { keyRing, issuer: ISSUER, audit: {} }],
    [createTokenIssuer, 'clock', { keyRing, issuer: ISSUER, clock: 7 }],
    [createTokenIssuer, 'claimsSchema', { keyRing, issuer: ISSUER, claimsSchema: 7 }],
  ],
  issue: [
    [issuer.issue, 'options'],
    [issuer.issue, 'type', { type: 'x', subject: 'a' }],
    [issuer.issue, 'subject', {}],
    [issuer.issue, 'ip', { subject: 'a', ip: 7 }],
    [issuer.issue, 'requestId', { subject: 'a', requestId: 7 }],
    [issuer.issue, 'confirmation must', { subject: 'a', confirmation: {} }],
    [issuer.issue, 'confirmation must', { subject: 'a', confirmation: { jkt: 'short' } }],
    [issuer.issue, 'kid', { subject: 'a', confirmation: { kid: 'x' } }],
    [issuer.issue, 'sessionId', { subject: 'a', sessionId: '' }],
    [issuer.issue, 'issuedAt', { subject: 'a', issuedAt: 'now' }],
    [issuer.issue, 'lifetime', { subject: 'a', lifetime: 'long' }],
    [issuer.issue, 'header', { subject: 'a', header: { zip: 'DEF' } }],
    [issuer.issue, 'clientId', { type: 'service', subject: 'a', clientId: 7 }],
  ],
  verify: [[createTokenVerifier(accept).verify, 'token']],
  sessionRouter: [
    [sessionRouter, 'options'],
    [sessionRouter, 'sessions', { sessions: {} }],
    [sessionRouter, 'scope', { sessions, scope: 'a b' }],
  ],
  createSessions: [
    [createSessions, 'options'],
    [createSessions, 'stores.families', { revocations }],
    [createSessions, 'revocations', { stores }],
    [createSessions, 'audit', { stores, revocations, audit: {} }],
  ],
  'sessions.list': [
    [sessions.list, 'options'],
    [sessions.list, 'clientId', {}],
    [sessions.list, 'subject', { clientId: 'a', subject: undefined }],
    [sessions.list, 'limit', { clientId: 'a', limit: 0 }],
  ],
  'sessions.end': [
    [sessions.end, 'options'],
    [sessions.end, 'clientId', { sessionId: 'a' }],
    [sessions.end, 'sessionId', { clientId: 'a' }],
  ],
  'sessions.endAll': [
    [sessions.endAll, 'typo', { clientId: 'a', typo: 1 }],
    [sessions.endAll, 'clientId', {}],
    [sessions.endAll, 'keep', { clientId: 'a', keep: 7 }],
    [sessions.endAll, 'keep.sessionId', { clientId: 'a', keep: { subject: 'b' } }],
  ],
  createRevocations: [
    [createRevocations, 'options'],
    [createRevocations, 'stores.revocations', {}],
    [createRevocations, 'audit', { stores, audit: {} }],
    [createRevocations, 'maxTokenLifetimeSeconds', { stores, maxTokenLifetimeSeconds: 0 }],
  ],
  revoke: [
    [revocations.revoke, 'target'],
    [revocations.revoke, 'kind', { kind: 'user' }],
    [revocations.revoke, 'clientId', { kind: 'api_key' }],
    [revocations.revoke, 'typo', { kind: 'api_key', clientId: 'a', typo: 1 }],
    [revocations.revoke, 'clientId', { kind: 'api_key', clientId: 7 }],
    [revocations.revoke, 'expiresAt', { kind: 'token', jti: 'a', expiresAt: 'now' }],
  ],
  createLimits: [
    [createLimits, 'options'],
    [createLimits, 'stores.limits', {}],
    [createLimits, 'audit', { stores, audit: {} }],
    [createLimits, 'apiKeys', { stores, apiKeys: {} }],
    [createLimits, 'leaseSeconds', { stores, leaseSeconds: 0 }],
    [createLimits, 'onStoreFailure must', { stores, onStoreFailure: 'deny' }],
    [createLimits, 'onStoreFailure.kind', { stores, onStoreFailure: { kind: 'x' } }],
    [createLimits, 'onStoreFailure.share', { stores, onStoreFailure: { kind: 'local', share: 2 } }],
  ],
  admit: [[limits.admit, 'cost.tokens', {}, { tokens: -1 }]],
  limitRequests: [
    [limitRequests, 'options'],
    [limitRequests, 'limits', { limits: {} }],
  ],
  createKeyRing: [
    [createKeyRing, 'options'],
    [createKeyRing, 'typo', { current: { secret }, typo: 1 }],
    [createKeyRing, 'current', {}],
    [createKeyRing, 'current: the key location', { current: {} }],
    [createKeyRing, 'current: the secret', { current: { secret: secret.subarray(1) } }],
    [createKeyRing, 'current: passphrase', { current: { passphrase: 'short', salt: 'x'.repeat(16) } }],
    [createKeyRing, 'current: salt', { current: { passphrase: 'x'.repeat(16) } }],
    [createKeyRing, 'current: notAfter', { current: { secret, notAfter: 1_893_456_000 } }],
    [createKeyRing, 'current: environment variable', { current: { env: 'PASSPORT_JWE_ABSENT' } }],
    [createKeyRing, 'current: the JWK Set', { current: { jwks: { keys: [] } } }],
    [
      createKeyRing,
      'current: kid',
      { current: { jwk: { kty: 'oct', alg: 'A128GCM', k: `${'A'.repeat(21)}w` } } },
    ],
    [createKeyRing, 'previous must', { current: { secret }, previous: {} }],
    [
      createKeyRing,
      'previous[0]: kid',
      { current: { secret }, previous: [{ jwk: { ...publicJwk(), alg: 'ECDH-ES', kid: '' } }] },
    ],
    [createKeyRing, 'recipients must', { current: { secret }, recipients: [] }],
    [
      createKeyRing,
      'recipients: recipient https://api.example.com',
      { current: { secret }, recipients: { [AUDIENCE]: 7 } },
    ],
    [createKeyRing, 'enc', { current: { secret }, enc: 'x' }],
    [createKeyRing, 'environment', { current: { secret }, environment: '' }],
    [createKeyRing, 'usage.stores.counters', { current: { secret }, usage: {} }],
    [createKeyRing, 'audit', { current: { secret }, audit: {} }],
    [
      createKeyRing,
      'root secret',
      {
        current: { secret },
        previous: [
          { jwk: { kty: 'oct', kid: 'b', key_ops: ['deriveKey'], k: secret.toString('base64url') } },
        ],
      },
    ],
  ],
  openKeyRing: [
    [openKeyRing, 'options'],
    [openKeyRing, 'source', {}],
    [openKeyRing, 'reloadSeconds', { source: { load: () => {} }, reloadSeconds: 0 }],
    [openKeyRing, 'audit', { source: { load: () => {} }, audit: {} }],
  ],
  createVerificationKeys: [
    [createVerificationKeys, 'key location'],
    [createVerificationKeys, 'jwk: alg', { jwk: { ...publicJwk(), alg: 'none' } }],
    [createVerificationKeys, 'jwks: keys[0]: kid', { jwks: { keys: [{ ...publicJwk(), kid: undefined }] } }],
  ],
  createDecryptionKeys: [
    [createDecryptionKeys, 'the key location'],
    [createDecryptionKeys, 'the key location', {}],
    [createDecryptionKeys, 'the key location', { env: 'A', file: 'x' }],
    [createDecryptionKeys, 'the array', []],
    [createDecryptionKeys, 'the key location', [{ jwk: sharedJwk }, 7]],
    [createDecryptionKeys, 'typo', { jwk: sharedJwk, typo: 1 }],
    [createDecryptionKeys, 'jwk: kty', { jwk: {} }],
    [createDecryptionKeys, 'jwk: alg', { jwk: sharedJwk, alg: 'RSA-OAEP' }],
    [createDecryptionKeys, 'jwk: enc', { jwk: sharedJwk, enc: 'A128CBC' }],
    [createDecryptionKeys, 'jwk: kid', { jwk: sharedJwk, kid: 7 }],
    [createDecryptionKeys, 'jwk: notAfter', { jwk: sharedJwk, notAfter: 'tomorrow' }],
    [createDecryptionKeys, 'jwk: k must', { jwk: { ...sharedJwk, k: 'AAAA' } }],
    [createDecryptionKeys, 'jwks: keys[0]: a decryption key', { jwks: { keys: [publicX25519()] } }],
    [createDecryptionKeys, '[1]: jwk: kty', [{ jwk: sharedJwk }, { jwk: {} }]],
    [createDecryptionKeys, 'two keys', [{ jwk: sharedJwk }, { jwk: sharedJwk }]],
    [createDecryptionKeys, 'pem', { pem: 7 }],
    [createDecryptionKeys, 'pem: the PEM text', { pem: 'not PEM' }],
    [createDecryptionKeys, 'passphrase', { pem: 'not PEM', passphrase: '' }],
    [createDecryptionKeys, 'passphrase requires', { jwk: sharedJwk, passphrase: 'not-a-real-passphrase' }],
    [createDecryptionKeys, 'trustGroup requires', { env: 'JWE_KEY', trustGroup: true }],
    [createDecryptionKeys, 'reloadSeconds requires', { file: 'x', reloadSeconds: 60 }],
    [createDecryptionKeys, 'file', { file: '' }],
    [createDecryptionKeys, 'environment variable', { env: 'PASSPORT_JWE_ABSENT' }],
    [createDecryptionKeys, 'source', { source: {} }],
    [createDecryptionKeys, 'reloadSeconds', { source: { load: () => {} }, reloadSeconds: 0 }],
    [createDecryptionKeys, 'loadTimeoutSeconds', { source: { load: () => {} }, loadTimeoutSeconds: '5' }],
    [createDecryptionKeys, 'audit', { source: { load: () => {} }, audit: {} }],
    [createDecryptionKeys, 'clock', { source: { load: () => {} }, clock: 7 }],
  ],
  publicKeysEndpoint: [
    [publicKeysEndpoint, 'publishers'],
    [publicKeysEndpoint, 'publishers', keyRing, {}],
  ],
  createSigningKey: [
    [createSigningKey, 'key location'],
    [createSigningKey, 'jwk: a signing key', { jwk: publicJwk() }],
  ],
  createLegacyKey: [
    [createLegacyKey, 'source'],
    [createLegacyKey, 'derivation', { passphrase: 'x'.repeat(16), derivation: 'other' }],
    [createLegacyKey, 'secret', { secret: 'x' }],
  ],
  remoteJwks: [
    [remoteJwks, 'options'],
    [remoteJwks, 'url', { url: 'http://example.com' }],
    [remoteJwks, 'url', { url: 'https://a:b@example.com' }],
    [remoteJwks, 'fetch', { url: 'https://example.com', fetch: 7 }],
    [remoteJwks, 'audit', { url: 'https://example.com', audit: {} }],
    [remoteJwks, 'rsaAlgorithm', { url: 'https://example.com', rsaAlgorithm: 'ES256' }],
  ],
  discoverJwks: [
    [discoverJwks, 'options'],
    [discoverJwks, 'issuer', {}],
    [discoverJwks, 'issuer', { issuer: 'http://example.com', allowPrivate: true }],
    [discoverJwks, 'issuer', { issuer: 'http://127.0.0.1' }],
    [discoverJwks, 'issuer', { issuer: 'https://a:b@example.com' }],
    [discoverJwks, 'issuer', { issuer: 'https://example.com/?tenant=1' }],
    [discoverJwks, 'issuer', { issuer: 'https://example.com/#' }],
    [discoverJwks, 'jwksHosts', { issuer: ISSUER, jwksHosts: 'example.com' }],
    [discoverJwks, 'jwksHosts', { issuer: ISSUER, jwksHosts: ['https://example.com'] }],
    [discoverJwks, 'jwksHosts', { issuer: ISSUER, jwksHosts: ['*'] }],
    [discoverJwks, 'allowPrivate', { issuer: ISSUER, allowPrivate: 1 }],
    [discoverJwks, 'ca', { issuer: ISSUER, ca: 'ca.pem' }],
    [discoverJwks, 'ca', { issuer: ISSUER, ca: 7 }],
    [discoverJwks, 'ca.file', { issuer: ISSUER, ca: {} }],
    [discoverJwks, 'tokenFile', { issuer: ISSUER, tokenFile: '' }],
    [discoverJwks, 'rsaAlgorithm', { issuer: ISSUER, rsaAlgorithm: 'none' }],
    [discoverJwks, 'maxAgeSeconds', { issuer: ISSUER, maxAgeSeconds: 0 }],
    [discoverJwks, 'clock', { issuer: ISSUER, clock: 7 }],
    [discoverJwks, 'fetch', { issuer: ISSUER, fetch }],
  ],
  fileKeySource: [
    [fileKeySource, 'file', {}],
    [fileKeySource, 'trustGroup', { file: 'x', trustGroup: 1 }],
  ],
  directoryKeySource: [[directoryKeySource, 'directory', {}]],
  environmentKeySource: [[environmentKeySource, 'variable', { variable: 'A B' }]],
  passphraseKeySource: [
    [passphraseKeySource, 'options'],
    [
      (options: never) => passphraseKeySource(options).load(),
      'passphrase',
      { passphrase: 'short', salt: secret },
    ],
  ],
  vaultKeySource: [
    [vaultKeySource, 'url', {}],
    [vaultKeySource, 'path', { ...vault, path: '../x' }],
    [vaultKeySource, 'field', { ...vault, field: '' }],
    [vaultKeySource, 'auth must', { ...vault, auth: undefined }],
    [vaultKeySource, 'auth.token', { ...vault, auth: { token: '' } }],
  ],
  publishAccessKeys: [
    [publishAccessKeys, 'audience', rotating, { file: 'x' }],
    [publishAccessKeys, 'file', rotating, { audience: AUDIENCE }],
  ],
  onChange: [[rotating.onChange.bind(rotating), 'listener']],
  loadApiKeys: casesOfApiKeys(loadApiKeys),
  watchApiKeys: [
    ...casesOfApiKeys(watchApiKeys),
    [watchApiKeys, 'onRejected', { directory: 'x', onRejected: 7 }],
    [watchApiKeys, 'reloadSeconds', { directory: 'x', reloadSeconds: 0 }],
  ],
  generateApiKey: [[generateApiKey, 'prefix', { prefix: 'A' }]],
  createAuditTrail: [
    [createAuditTrail, 'options'],
    [createAuditTrail, 'sinks', {}],
    [createAuditTrail, 'sinks', { sinks: {} }],
    [createAuditTrail, 'sinks[1]', { sinks: [{ write: () => {} }, {}] }],
    [createAuditTrail, 'timeoutMs', { sinks: [], timeoutMs: 0 }],
  ],
  openAuditFile: [
    [openAuditFile, 'options'],
    [openAuditFile, 'key', { path: 'x', key: 'x' }],
  ],
  verifyAuditFile: [[verifyAuditFile, 'key', 'x', 'x']],
  pinoSink: [[pinoSink, 'logger']],
  createMonitor: [
    [createMonitor, 'options', null],
    [createMonitor, 'maxTracked', { maxTracked: 0 }],
    [createMonitor, 'thresholds must', { thresholds: 7 }],
    [createMonitor, 'thresholds.sudden_rate.factor', { thresholds: { sudden_rate: { factor: 0 } } }],
    [createMonitor, 'answer.revocations', { answer: { revocations, by: {} } }],
  ],
  createMemoryStores: [[createMemoryStores, 'maxRevocations', { maxRevocations: 0 }]],
  openLmdbStores: [
    [openLmdbStores, 'path', {}],
    [openLmdbStores, 'generationFile', { path: 'x', generationFile: '' }],
    [openLmdbStores, 'acceptRestore', { path: 'x', acceptRestore: 1 }],
  ],
  openRedisStores: [
    [openRedisStores, 'url', {}],
    [openRedisStores, 'prefix', { url: 'redis://localhost', prefix: '' }],
    [openRedisStores, 'audit', { url: 'redis://localhost', audit: {} }],
  ],
  ldapDirectory: [
    [ldapDirectory, 'url', { ...LDAP, url: undefined }],
    [ldapDirectory, 'url', { ...LDAP, url: [] }],
    [ldapDirectory, 'url', { ...LDAP, url: 'https://ldap.example.com' }],
    [ldapDirectory, 'url', { ...LDAP, url: 'ldaps://service@ldap.example.com' }],
    [ldapDirectory, 'url', { ...LDAP, url: 'ldaps://ldap.example.com/dc=example' }],
    [ldapDirectory, 'startTls', { ...LDAP, url: 'ldap://ldap.example.com' }],
    [ldapDirectory, 'startTls', { ...LDAP, url: ['ldap://127.0.0.1', 'ldap://127.0.0.1.example.com'] }],
    [ldapDirectory, 'startTls', { ...LDAP, startTls: 1 }],
    [ldapDirectory, 'caFile', { ...LDAP, caFile: 1 }],
    [ldapDirectory, 'caFile', { ...LDAP, caFile: 'package.json' }],
    [ldapDirectory, 'bindDn', { ...LDAP, bindDn: '' }],
    [ldapDirectory, 'bindPasswordFile', { ...LDAP, bindPasswordFile: '' }],
    [ldapDirectory, 'baseDn', { ...LDAP, baseDn: 'people' }],
    [ldapDirectory, 'schema', { ...LDAP, schema: 'toString' }],
    [ldapDirectory, 'userAttributes', { ...LDAP, userAttributes: { mail: 'mail' } }],
    [ldapDirectory, 'userAttributes.name', { ...LDAP, userAttributes: { name: 'uid)(x' } }],
    [ldapDirectory, 'groups', { ...LDAP, groups: { filter: 'x' } }],
    [ldapDirectory, 'groups.baseDn', { ...LDAP, groups: {} }],
    [ldapDirectory, 'groups.memberAttribute', { ...LDAP, groups: { baseDn: 'dc=a', memberAttribute: '' } }],
    [ldapDirectory, 'claims', { ...LDAP, claims: { email: 1 } }],
    [ldapDirectory, 'claims', { ...LDAP, claims: [] }],
    [ldapDirectory, 'claims', { ...LDAP, claims: { secret: 'UserPassword' } }],
    [ldapDirectory, 'claims', { ...LDAP, claims: { secret: 'ms-Mcs-AdmPwd' } }],
    [ldapDirectory, 'userAttributes.name', { ...LDAP, userAttributes: { name: 'userPassword' } }],
    [ldapDirectory, 'claims', { ...LDAP, claims: { sub: 'uid' } }],
    [ldapDirectory, 'maxConnections', { ...LDAP, maxConnections: 0 }],
  ],
  requireScope: [[requireScope, 'scope token']],
  requireAnyScope: [[requireAnyScope, 'scope token', 'a b']],
  requireAudience: [[requireAudience, 'audience']],
  requireType: [
    [requireType, 'token type'],
    [requireType, 'token type', 'x'],
  ],
  requireClaim: [
    [requireClaim, 'name', ''],
    [requireClaim, 'expected', 'region', undefined],
  ],
  requireMaxAge: [[requireMaxAge, 'seconds', '60']],
  requireModel: [[requireModel, 'select', 'gpt']],
  requireFunctions: [[requireFunctions, 'select']],
  protectedResourceUrl: [[protectedResourceUrl, 'resource', 'api']],
  protectedResourceMetadata: [
    [protectedResourceMetadata, 'resource', { authorizationServers: [ISSUER] }],
    [protectedResourceMetadata, 'authorizationServers', { resource: AUDIENCE }],
    [
      protectedResourceMetadata,
      'scopes',
      { resource: AUDIENCE, authorizationServers: [ISSUER], scopes: 'a' },
    ],
    [protectedResourceMetadata, 'resource', { ...resource, resource: `${AUDIENCE}#a` }],
    [protectedResourceMetadata, 'resource', { ...resource, resource: 'http://example.com' }],
    [protectedResourceMetadata, 'bearerMethods', { ...resource, bearerMethods: ['cookie'] }],
    [protectedResourceMetadata, 'dpop.mode', { ...resource, dpop: { baseUrl: AUDIENCE } }],
    [protectedResourceMetadata, 'dpop must', { ...resource, dpop: true }],
    [protectedResourceMetadata, 'members', { ...resource, members: [] }],
    [protectedResourceMetadata, 'members.resource', { ...resource, members: { resource: 'x' } }],
    [protectedResourceMetadata, 'cors.origins', { ...resource, cors: { origins: ['example.com'] } }],
    [protectedResourceMetadata, 'cors', { ...resource, cors: '*' }],
    [protectedResourceMetadata, 'resources', { resources: [] }],
    [protectedResourceMetadata, 'scopes', { resources: [resource], scopes: [] }],
    [protectedResourceMetadata, 'resources[1].resource', { resources: [resource, resource] }],
    [protectedResourceMetadata, 'resources[0].authorizationServers', { resources: [{ resource: AUDIENCE }] }],
  ],
  authorizationServerMetadata: [
    [authorizationServerMetadata, 'tokenRouter', { url: ISSUER }],
    [authorizationServerMetadata, 'url', { ...described, url: 'x' }],
    [authorizationServerMetadata, 'authorizationServer', { ...described, authorizationServer: ISSUER }],
    [
      authorizationServerMetadata,
      'authorizationServer.authorization_endpoint',
      { ...described, authorizationServer: { response_types_supported: ['code'] } },
    ],
    [
      authorizationServerMetadata,
      'members.response_types_supported',
      { ...described, members: { authorization_endpoint: ISSUER } },
    ],
    [authorizationServerMetadata, 'members.issuer', { ...described, members: { issuer: ISSUER } }],
    [authorizationServerMetadata, 'members.x', { ...described, members: { x: () => 1 } }],
    [authorizationServerMetadata, 'cors.origins', { ...described, cors: { origins: [`${ISSUER}/`] } }],
  ],
  createTokenClient: [
    [createTokenClient, 'options'],
    [createTokenClient, 'tokenEndpoint', { ...client, tokenEndpoint: 'http://example.com' }],
    [createTokenClient, 'clientId', { ...client, clientId: '' }],
    [createTokenClient, 'clientSecret', { ...client, clientSecret: 7 }],
    [createTokenClient, 'clientSecret', { ...client, privateKey: {} }],
    [createTokenClient, 'privateKey', { ...client, clientSecret: undefined, privateKey: {} }],
    [createTokenClient, 'issuer', { ...client, clientSecret: undefined, privateKey: signer }],
    [createTokenClient, 'audience', { ...client, audience: undefined }],
    [createTokenClient, 'dpop', { ...client, dpop: 'yes' }],
  ],
  createSteadyClock: [
    [createSteadyClock, 'options', 7],
    [createSteadyClock, 'toleranceSeconds', { toleranceSeconds: 0 }],
    [createSteadyClock, 'onStep', { onStep: 7 }],
  ],
};

/** A remedy is an instruction after a colon, an example, or the list of valid values. */
const REMEDY =
  /: (pass|use|add|remove|set|list|enable|generate|choose|correct|omit|export|write|give|raise|lower|drop|put)\b|for example|must be (one of|"|an? (positive )?(integer|number|string|token type)|1 to)|expected one of/;

describe.each(Object.entries(TABLE))('%s names itself, the option and a remedy', (name, cases) => {
  test.each(cases.map(([callee, option, ...args]) => ({ callee, option, args })))(
    '$option',
    async ({ callee, option, args }) => {
      const failure = await rejectionOf((async () => Reflect.apply(callee, undefined, args))());
      const message = String(Object(failure).message);

      expect(failure).toBeInstanceOf(TypeError);
      expect(message.startsWith(`${name}: `)).toBe(true);
      expect(message).toContain(option);
      expect(message).toMatch(REMEDY);
    },
  );
});
