import type { TrustedIssuerOptions } from '../../src/verify/trusted-issuer-options.js';
import { AUDIENCE, NOW } from './tokens.js';
import type { KeyKind } from './trusted-keys.js';

/** `alg`, and the kinds of keys that it takes. */
export type AlgorithmOf = readonly [alg: string, kind: KeyKind];

/** The tokens of a provider, as it documents them. */
export interface ProviderForm {
  readonly name: string;
  readonly options: Pick<TrustedIssuerOptions, 'issuer' | 'audience' | 'scopes'> &
    Partial<TrustedIssuerOptions>;
  /** Members of the protected header beside `alg`, `enc` and `kid`. */
  readonly header: object;
  /** Whether the protected header has a `kid`. */
  readonly hasKid: boolean;
  /** Members of the header of the nested JWS beside `alg` and `kid`. Absent if the claims are encrypted directly. */
  readonly signedHeader?: object;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly algorithms: readonly AlgorithmOf[];
  readonly encryptions: readonly string[];
  readonly signatures: readonly string[];
  /** What a handler reads of an accepted token. */
  readonly read: object;
}

const RSA: readonly AlgorithmOf[] = [
  ['RSA-OAEP-256', 'RSA'],
  ['RSA-OAEP-384', 'RSA'],
  ['RSA-OAEP-512', 'RSA'],
];
const GCM = ['A128GCM', 'A192GCM', 'A256GCM'];
const CBC = ['A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512'];
const AGREEMENTS = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'];
const CURVES = ['P-256', 'P-384', 'P-521', 'X25519'] as const;
const WRAPS: readonly AlgorithmOf[] = [
  ['A128KW', 16],
  ['A192KW', 24],
  ['A256KW', 32],
];
/** Placeholder: `enc` determines the key length of direct encryption. */
const EVERY_SHARED: readonly AlgorithmOf[] = [...WRAPS, ['dir', 32]];
const EVERY_PUBLIC: readonly AlgorithmOf[] = [
  ['RSA-OAEP', 'RSA'],
  ...RSA,
  ...AGREEMENTS.flatMap((alg) => CURVES.map((curve) => [alg, curve] as const)),
];
const EVERY_SIGNATURE = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

const TIMES = { iat: NOW, exp: NOW + 600 };
const keyManagementAlgorithms = [...new Set([...EVERY_PUBLIC, ...EVERY_SHARED].map(([alg]) => alg))];

/** Presets narrow the algorithms of a provider; here the options say which ones a row takes. */
function accepting(options: {
  readonly algorithms: readonly AlgorithmOf[];
  readonly encryptions: readonly string[];
  readonly signatures?: readonly string[];
}): Partial<TrustedIssuerOptions> {
  return JSON.parse(
    JSON.stringify({
      keyManagementAlgorithms: keyManagementAlgorithms.filter((name) =>
        options.algorithms.some(([alg]) => alg === name),
      ),
      contentEncryptionAlgorithms: options.encryptions,
      signatureAlgorithms: options.signatures,
    }),
  );
}

const auth0 = { algorithms: RSA, encryptions: ['A256GCM'], signatures: ['RS256', 'PS256'] };
const okta = { algorithms: RSA, encryptions: [...GCM, ...CBC], signatures: ['RS256'] };
const openIddict = {
  algorithms: [...WRAPS.slice(2), ['RSA-OAEP', 'RSA'], ...RSA] satisfies AlgorithmOf[],
  encryptions: ['A256CBC-HS512', 'A256GCM'],
  signatures: ['RS256', 'ES256', 'ES384', 'ES512'],
};
const oidcProvider = {
  algorithms: [...EVERY_PUBLIC, ...EVERY_SHARED],
  encryptions: [...GCM, ...CBC],
  signatures: EVERY_SIGNATURE,
};
const unsigned = { algorithms: EVERY_SHARED, encryptions: [...GCM, ...CBC], signatures: [] };
const quarkus = {
  algorithms: [
    ['RSA-OAEP', 'RSA'],
    ['RSA-OAEP-256', 'RSA'],
    ['ECDH-ES+A256KW', 'P-256'],
    ['A256KW', 32],
  ] satisfies AlgorithmOf[],
  encryptions: ['A256GCM'],
  signatures: ['RS256', 'ES256'],
};
const direct = (...encryptions: readonly string[]) => ({
  algorithms: [['dir', 32]] satisfies AlgorithmOf[],
  encryptions,
  signatures: [],
});

const USER = { sub: 'alice', ...TIMES };

export const PROVIDER_FORMS: readonly ProviderForm[] = [
  {
    name: 'Auth0',
    options: {
      ...{ issuer: 'https://tenant.auth0.com/', audience: AUDIENCE, scopes: ['read:patients'] },
      ...{ typ: ['JWT', 'at+jwt'], clientClaim: 'azp', ...accepting(auth0) },
    },
    header: { cty: 'JWT' },
    hasKid: false,
    signedHeader: { typ: 'JWT' },
    claims: {
      ...{ ...USER, iss: 'https://tenant.auth0.com/', azp: 'web', scope: 'openid read:patients' },
      aud: [AUDIENCE, 'https://tenant.auth0.com/userinfo'],
    },
    ...auth0,
    read: { client_id: 'web', scope: 'read:patients', aud: [AUDIENCE] },
  },
  {
    name: 'Okta',
    options: {
      ...{ issuer: 'https://org.okta.com/oauth2/default', audience: 'api://default', scopes: ['email'] },
      ...{ typ: [null, 'JWT', 'at+jwt'], clientClaim: 'cid', scopeClaim: 'scp', ...accepting(okta) },
    },
    header: { cty: 'JWT' },
    hasKid: true,
    signedHeader: {},
    claims: {
      ...{ ...USER, iss: 'https://org.okta.com/oauth2/default', aud: 'api://default', ver: 1 },
      ...{ jti: 'AT.1', cid: 'web', uid: '00u1', scp: ['openid', 'email'], auth_time: NOW },
    },
    ...okta,
    read: { client_id: 'web', scope: 'email', jti: 'AT.1', uid: '00u1' },
  },
  {
    name: 'OpenIddict',
    options: {
      ...{ issuer: 'https://login.example.com/', audience: AUDIENCE, scopes: ['read'] },
      ...accepting(openIddict),
    },
    header: { typ: 'at+jwt', cty: 'JWT' },
    hasKid: true,
    signedHeader: { typ: 'at+jwt', x5t: 'u4PJJ7vZ2GJ6wc0WAFrdMxvSM0U', cty: 'JWT' },
    claims: {
      ...{ ...USER, sub: undefined, iss: 'https://login.example.com/', aud: AUDIENCE, jti: 'j1' },
      ...{ client_id: 'worker', scope: 'read admin', oi_prst: ['worker'], oi_tkn_id: 't1' },
    },
    ...openIddict,
    read: { client_id: 'worker', scope: 'read', jti: 'j1' },
  },
  {
    name: 'oidc-provider',
    options: {
      ...{ issuer: 'https://op.example.com', audience: AUDIENCE, scopes: { read: 'documents:read' } },
      ...accepting(oidcProvider),
    },
    header: { cty: 'at+jwt', iss: 'https://op.example.com', aud: AUDIENCE },
    hasKid: true,
    signedHeader: { typ: 'at+jwt' },
    claims: {
      ...{ ...USER, iss: 'https://op.example.com', aud: AUDIENCE, jti: 'j1' },
      ...{ client_id: 'web', scope: 'read write' },
    },
    ...oidcProvider,
    read: { client_id: 'web', scope: 'documents:read', jti: 'j1' },
  },
  {
    name: 'oidc-provider, unsigned',
    options: {
      ...{ issuer: 'https://op.example.com', audience: AUDIENCE, scopes: ['read'] },
      ...accepting({ algorithms: EVERY_SHARED, encryptions: [...GCM, ...CBC] }),
    },
    header: { typ: 'at+jwt', iss: 'https://op.example.com', aud: AUDIENCE },
    hasKid: true,
    claims: {
      ...{ ...USER, iss: 'https://op.example.com', aud: AUDIENCE, jti: 'j1' },
      ...{ client_id: 'web', scope: 'read' },
    },
    ...unsigned,
    read: { client_id: 'web', scope: 'read', jti: 'j1' },
  },
  {
    name: 'Auth.js v5',
    options: {
      ...{ issuer: 'https://app.example.com', audience: 'https://app.example.com', scopes: [] },
      ...{ typ: [null], impliedClaims: ['iss', 'aud'], maxTokenLifetimeSeconds: 2_592_000 },
      ...{ keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256CBC-HS512', 'A256GCM'] },
    },
    header: {},
    hasKid: true,
    claims: { ...USER, name: 'Alice', email: 'alice@example.com', exp: NOW + 2_592_000, jti: 'j1' },
    ...direct('A256CBC-HS512', 'A256GCM'),
    read: { iss: 'https://app.example.com', aud: 'https://app.example.com', name: 'Alice', jti: 'j1' },
  },
  {
    name: 'NextAuth v4',
    options: {
      ...{ issuer: 'https://app.example.com', audience: 'https://app.example.com', scopes: [] },
      ...{ typ: [null], impliedClaims: ['iss', 'aud'], maxTokenLifetimeSeconds: 2_592_000 },
      ...{ keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
    },
    header: {},
    hasKid: false,
    claims: { ...USER, name: 'Alice', exp: NOW + 2_592_000, jti: 'j1' },
    ...direct('A256GCM'),
    read: { iss: 'https://app.example.com', aud: 'https://app.example.com', name: 'Alice', jti: 'j1' },
  },
  {
    name: 'PingAM',
    options: {
      ...{ issuer: 'https://am.example.com/am/oauth2', audience: 'myClient', scopes: ['write'] },
      ...{ typ: 'JWT', clientClaim: 'aud', requiredClaims: ['tokenName'] },
      ...{ keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A128CBC-HS256', 'A256GCM'] },
    },
    header: { typ: 'JWT' },
    hasKid: false,
    claims: {
      ...{ ...USER, iss: 'https://am.example.com/am/oauth2', aud: 'myClient', jti: 'j1', nbf: NOW },
      ...{ tokenName: 'access_token', token_type: 'Bearer', scope: ['write'], realm: '/alpha' },
    },
    ...direct('A128CBC-HS256', 'A256GCM'),
    read: { client_id: 'myClient', scope: 'write', tokenName: 'access_token' },
  },
  {
    name: 'Quarkus',
    options: {
      ...{ issuer: 'https://quarkus.example.com', audience: AUDIENCE, scopes: { admins: 'admin' } },
      ...{ typ: 'JWT', scopeClaim: 'groups', ...accepting(quarkus) },
    },
    header: { cty: 'JWT' },
    hasKid: true,
    signedHeader: { typ: 'JWT' },
    claims: {
      ...{ ...USER, iss: 'https://quarkus.example.com', aud: AUDIENCE, jti: 'j1', upn: 'alice' },
      groups: ['admins', 'Domain Users'],
    },
    ...quarkus,
    read: { scope: 'admin', upn: 'alice', jti: 'j1' },
  },
];
