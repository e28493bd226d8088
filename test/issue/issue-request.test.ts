import { describe, expect, test } from '@jest/globals';
import { createTokenIssuer } from 'passport-jwe';
import { rejectionOf } from '../support/caught.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

const issuer = createTokenIssuer({ keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE, clock });
const withoutAudience = createTokenIssuer({ keyRing: await createRing(), issuer: ISSUER, clock });

const NESTED: unknown = JSON.parse(`${'{"a":'.repeat(20)}1${'}'.repeat(20)}`);
const SERVICE = { type: 'service', subject: 'billing', clientId: 'billing' };

/** Wrong requests, each with the option that the error names and the remedy. */
const WRONG: readonly (readonly [string, unknown, RegExp])[] = [
  ['no request', undefined, /^issue: options must be an object, for example/],
  ['a subject as the request', 'alice', /^issue: options must be an object, for example/],
  ['no subject', {}, /subject must be a string of 1 to 200 characters/],
  ['an empty subject', { subject: '' }, /subject must be a string of 1 to 200 characters/],
  ['a numeric subject', { subject: 4711 }, /subject must be .*: write String\(subject\)/],
  ['a long subject', { subject: 'x'.repeat(201) }, /subject must be a string of 1 to 200 characters/],
  ['half a character as the subject', { subject: '\ud83d' }, /subject must be .* well-formed/],
  ['NUL in the subject', { subject: 'a\u0000b' }, /subject must be .* without U\+0000/],
  [
    'the issuer as the subject',
    { subject: ISSUER },
    /subject must not be the issuer: pass the ID of the user/,
  ],
  ['sub', { sub: 'alice' }, /unknown option sub: write subject/],
  ['userId', { userId: 'alice' }, /unknown option userId: write subject/],
  ['expiresIn', { subject: 'a', expiresIn: '1h' }, /unknown option expiresIn: write lifetime/],
  ['exp', { subject: 'a', exp: 1 }, /unknown option exp: write lifetime/],
  ['aud', { subject: 'a', aud: AUDIENCE }, /unknown option aud: write audience/],
  ['scopes', { subject: 'a', scopes: ['read'] }, /unknown option scopes: write scope/],
  ['payload', { subject: 'a', payload: {} }, /unknown option payload: write claims/],
  [
    'a claim beside the options',
    { subject: 'a', tenant: 'acme' },
    /unknown option tenant: put custom claims into claims/,
  ],
  [
    'a secret in place of a name',
    { subject: 'a', 'S3CRET-0a8f77': 1 },
    /unknown option \((?:name )?not shown/,
  ],
  ['an unknown type', { subject: 'a', type: 'admin' }, /type must be one of user, service/],
  ['the type of trusted issuers', { subject: 'a', type: 'external' }, /type must be one of user, service/],
  [
    'a clientId for a user',
    { subject: 'a', clientId: 'web' },
    /clientId is not allowed in a token of type user/,
  ],
  ['a service without clientId', { type: 'service', subject: 'a' }, /clientId must be a non-empty string/],
  [
    'several audiences',
    { subject: 'a', audience: [AUDIENCE] },
    /audience is required: pass the URL of one API/,
  ],
  ['a scope that is no scope token', { subject: 'a', scope: ['read"'] }, /scope must be scope tokens/],
  ['two scope tokens in one', { subject: 'a', scope: ['read write'] }, /scope must be scope tokens/],
  ['a numeric scope', { subject: 'a', scope: 1 }, /scope must be scope tokens/],
  ['a lifetime of another format', { subject: 'a', lifetime: '1 hour' }, /lifetime must be .* such as "15m"/],
  ['a lifetime of zero', { subject: 'a', lifetime: 0 }, /lifetime must be a positive number of seconds/],
  [
    'a lifetime that is too long',
    { subject: 'a', lifetime: '30d' },
    /lifetime exceeds maxTokenLifetimeSeconds .* raise/,
  ],
  [
    'a time in milliseconds',
    { subject: 'a', issuedAt: 1.7e12 },
    /issuedAt must be a NumericDate in seconds since 1970/,
  ],
  ['an empty session', { subject: 'a', sessionId: '' }, /sessionId must be a string of 1 to 200 characters/],
  ['claims that are an array', { subject: 'a', claims: ['acme'] }, /claims must be a JSON object/],
  [
    'claims that are a Map',
    { subject: 'a', claims: new Map() },
    /claims .*: write Object\.fromEntries\(map\)/,
  ],
  [
    'a date as a claim',
    { subject: 'a', claims: { born: new Date(0) } },
    /claims\.born .*: write date\.toISOString\(\)/,
  ],
  [
    'a set as a claim',
    { subject: 'a', claims: { roles: new Set() } },
    /claims\.roles .*: write \[\.\.\.set\]/,
  ],
  [
    'a bigint as a claim',
    { subject: 'a', claims: { id: 1n } },
    /claims\.id must not be a bigint: write a string/,
  ],
  ['NaN as a claim', { subject: 'a', claims: { n: [Number.NaN] } }, /claims\.n\[0\] must be finite/],
  [
    'a function as a claim',
    { subject: 'a', claims: { f: () => 1 } },
    /claims\.f must not be a function: remove it/,
  ],
  [
    'a hole in an array',
    { subject: 'a', claims: { n: [undefined] } },
    /claims\.n\[0\] must not be undefined/,
  ],
  [
    'claims that nest deeply',
    { subject: 'a', claims: NESTED },
    /claims\.a.* is nested too deeply: flatten it/,
  ],
  ['the claim sub', { subject: 'a', claims: { sub: 'b' } }, /the claim sub is reserved: set subject/],
  ['the claim exp', { subject: 'a', claims: { exp: 1 } }, /the claim exp is reserved: set lifetime/],
  ['the claim scope', { subject: 'a', claims: { scope: 'x' } }, /the claim scope is reserved: set scope/],
  ['the claim cnf', { subject: 'a', claims: { cnf: {} } }, /the claim cnf is reserved/],
  [
    'a claim of another token type',
    { subject: 'a', claims: { lineage: [] } },
    /the claim lineage is reserved: choose another name/,
  ],
  [
    'the claim sub of a service',
    { ...SERVICE, claims: { sub: 'b' } },
    /the claim sub is reserved: set subject/,
  ],
];

describe('issue', () => {
  test.each(WRONG)('rejects %s and names the remedy', async (_, request, message) => {
    const error = await rejectionOf(issuer.issue(Object.assign(JSON.parse('{"a":0}'), { a: request }).a));

    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
  });

  test('rejects a request without audience if the issuer has none', async () => {
    expect(await rejectionOf(withoutAudience.issue({ subject: 'alice' }))).toMatchObject({
      message: expect.stringMatching(/^issue: audience is required: pass the URL of one API/),
    });
  });

  test('rejects an unknown option of the issuer', async () => {
    const keyRing = await createRing();
    const options = Object.assign({ keyRing, issuer: ISSUER }, { audiences: [AUDIENCE] });

    expect(() => createTokenIssuer(options)).toThrow(/^createTokenIssuer: unknown option audiences/);
  });

  test('treats members that are undefined as absent', async () => {
    const claims: { readonly tenant?: string | undefined } = { tenant: undefined };

    await expect(issuer.issue({ subject: 'alice', claims })).resolves.toMatchObject({
      claims: { sub: 'alice' },
    });
  });
});
