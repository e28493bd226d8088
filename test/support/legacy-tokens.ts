import type { JsonObject } from '../../src/base/json.js';
import { contentKeyOf, createLegacyKey, type LegacyKey } from '../../src/keys/create-legacy-key.js';
import type { LegacyOptions } from '../../src/token/legacy-policy.js';
import { type ForgedParts, forgeToken } from './forge-token.js';
import { AUDIENCE, NOW } from './tokens.js';

export const LEGACY_PASSPHRASE = 'correct horse battery staple';

/** What the derivation of the other stack makes of the passphrase, as Python computed it. */
export const LEGACY_KEY_HEX = '38e5ce4153b03d696b12547a9db543fcae8a00e5a582898d0017e0648840e2a1';

export const LEGACY_ISSUER = 'https://dsp-ai-platform.example.com';

/** In front of everything that `encrypt_token` of that stack writes. */
export const LEGACY_HEADER = '{"alg":"dir","enc":"A256GCM"}';

const TIMES = { iat: NOW, exp: NOW + 3600, nbf: NOW };

const RATE_LIMITS = {
  requests_per_minute: 100,
  tokens_per_minute: 50_000,
  requests_per_hour: 5000,
  concurrent_requests: 10,
};

/** Claims in the shapes that the other stack wrote. */
export const LEGACY_CLAIMS = {
  models: {
    api_key_name: 'Enterprise Customer API Key',
    type: 'tiered_model_exec',
    permissions: ['read:documents', 'execute:models'],
    metadata: { customer_id: 'cust_12345', contact: 'Zoë' },
    allowed_models: ['gpt-4', 'claude-3'],
    rate_limits: RATE_LIMITS,
    ...TIMES,
    jti: '0d5b8a3c-2f55-4a6e-9a37-5f2f6c1f8f10',
  },
  functions: {
    api_key_name: 'Enterprise Customer API Key',
    type: 'function_call',
    permissions: ['read:documents'],
    metadata: {},
    ...TIMES,
    jti: 'b1e9f1d5-7f0e-4f5b-8a55-0a3a2f1f3c77',
  },
  bare: { sub: 'alice', scopes: ['read:documents'], exp: NOW + 3600 },
  service: { type: 'service', sub: 'billing', aud: AUDIENCE, ...TIMES, exp: NOW + 300, jti: 'service-1' },
  refresh: { type: 'refresh', session_id: 's1', device_id: 'd1', ...TIMES, jti: 'refresh-1' },
  delegation: {
    type: 'delegation',
    delegator: 'alice',
    delegated_to: 'agent',
    permissions: ['read:documents'],
    expires_at: '2030-01-01T01:00:00Z',
    ...TIMES,
    jti: 'delegation-1',
  },
} as const satisfies Record<string, JsonObject>;

export type LegacyClaimsName = keyof typeof LEGACY_CLAIMS;

/** Those claims as python-jose 3.3.0 encrypted them, recorded from `programs/write-legacy-tokens.py`. */
export const LEGACY_TOKENS: Readonly<Record<LegacyClaimsName, string>> = {
  models:
    'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..hLUwWL-jGgqpn2Mdr00dpw.czxC4xKW5d_1Sj9UDGONJrB4h8z5q1RJ8-F45PZyFx_AiOJiAIgzshLvJ1puu1N03cDkqCGI1R7Q0Sel3OJQY_XgRjcwvbMHDYeL2JC0ZwCoQGycDsx7O3K7kC-TqnjC45Rq7cwRKADobZf-H0zcq8dchgr0yDUsOZ5ctRhKWhWVqom08WyLhzy2PI1bpd6xO5bKX__DfCjQwenZY4WEcDY_OcHEOOUIFK8SOlvkKv2mNlNFRlhtZOUu37HxOPpwRTmruULqNm2ALAbqIxQSgVVUCND6hOKc5Yv0dXPFhAeuGOX4iycLnKsLs5uNuKODDIcgZgfCc6qLIjqCz_CCuhr7m9q1Hv02XqIA-5N2fh3oSAWqwJ79ElCCprfnksXMfP5KK62--jd6czoTYz4zFmEXZwYCwnURhU0PlWOzK4CqU-GhrySVwi6HtH9uuLaq07vrn_qfgT86GiZo2yzyirhWC0mTn-yHVXKWBZle_pKAMJhItgU-NU-pCCEG44GbyY4JdN_6ZHuNfTSxzjodCsRbMX543_dXPD4iZpHDV4vTM6rHgRneVhMNEUNfzjh9OEtSsm2IOiopxLMLBhLwq-WddbMTX8mvPyRG-nANxjhkmao.yetamLlzPniTZdcd4qoU2w',
  functions:
    'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..MDMyle7rtzDBZyRwErvu5w.6L_HALkZ6_KKCNVFV6XhNZ_fHxVrfWF9YuthKVzwfS8DMoBMONdoAbS2g1YqNtA-UNjnK7BlwTiIC2vz5CfzhyUFmDHFUQ5R7CJKbywE0IO5EoCn4fufsKijmJQUhoMpGzuH7FHS9_NiRaLpTFuxV6lc1JJIUTREQvu7bxphwDJ_mCUWs8NG-RrR5nOYwNjF3vFShRldy-M-OECAPQJJtIsdW1C1TiV2-TikB8pky6stLx7i482UeQFUEVdSf3H1h5UDmPc-sCsTi8wNQ87BgDDPdO65WODf_MjbM7qy6S3F4LM.qdk5VQUVs4T3LeDUjBOyqA',
  bare: 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..l-Dtqw-peLKjF-0IFTtImw.bYr6V3prCclqIQo1bek_UKT-DCSxDfxAZrEvYgPmNkG4jQLHozdURw2xP5nS-S2f2crdWw17GogZP8oMPdnVxGU.dTgyhPb2tH592XeBzKh-dg',
  service:
    'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..wRhabULBXouLmE8dME3kgg.8VEyldAPzFwPaI4H3YYqFxC0J4Qr8nnQP1M775HFKrrOne6nf3w8pg0Q_8BhZe9U50Fd6p4RGrE4895g-BAcjoo2Be0pKriIYGDa5S9GISwyhb5PUnQTEn8Es8e6J1QaztKNAhId6m-AZnvmrOcKBBZ4ckpDKmO_fMhD0UpP5N21ZcNSQK3W76Dr5oIaZ4TGqQ6YqA.gAZdSddgP4mRB8Og8G6aUA',
  refresh:
    'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..uGGudvYkMXv-J0uFUYlFlQ.O5dfhTI6niEtuAvjeUEK9W-rqXjuDI_US2FyT9BM1SpijE3Td-bcSKuTJnaBhFPlU2FrEWVJd6xSb2OZRW_qib974BUac0AnTIogBf_HE2vdT8ITVojKl8Bw_rwQMS94ovxrx2VqzebObwKBl_XVkHyEOIwhdeD5KnXhGrTt5UammhHdOgnW.ibs1L1vQ641bZeRK4hrHsA',
  delegation:
    'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..9sjnOQKyjiFRGgHp9nUfSQ.tj7TxEC6Mh2Xnz5F2eOjJElZ1cSM3u1nh4eNuZyNkghl4OpdymCyIQ7wXxYdmnPF0_UA-wN2rI245H99HO6XW-CGEiBUg7-oC483pXoXq7yTFV-rtZ9kKIznnDYqbI7J5s3_2DcVuVvBeRP42CbC3CtneJKMxlzwX2fMN7GbAMgjfjBFdK7Ta8WnU2E_c6X_H7K-9k5AtHYUHGRDxn9G5gAuR57yJY4HVC60imyNvLnRuZwS43VS9y7z5ZW1RdGoN9TASYLIi0yBVWirWKxWQovkct-C32fNZG3RlL-t.PZmBTkDnaAhE-VAPbHcRgg',
};

export const legacyKey: LegacyKey = await createLegacyKey({ secret: LEGACY_KEY_HEX });

/** What reads them for one more day. */
export const LEGACY: LegacyOptions = {
  key: legacyKey,
  issuer: LEGACY_ISSUER,
  audience: AUDIENCE,
  type: 'foreign',
  until: NOW + 86_400,
};

/** A token of that stack with these claims, and whatever faults are asked for. */
export function forgeLegacyToken(claims: JsonObject, parts: ForgedParts = {}): string {
  return forgeToken(contentKeyOf(legacyKey), {
    header: LEGACY_HEADER,
    iv: Buffer.alloc(16, 'iv'),
    plaintext: JSON.stringify(claims),
    ...parts,
  });
}

/** A character as JSON can write it in a string: `a` as `\u0061`. */
export function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
