import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  authenticate,
  createAuditTrail,
  createKeyRing,
  JweStrategy,
  type KeyRing,
  loadApiKeys,
  requireClaim,
  requireMaxAge,
  requireScope,
  requireType,
  tokenRouter,
  watchApiKeys,
} from 'passport-jwe';
import { generateApiKey } from 'passport-jwe/api-keys';
import { loadFiles, MINIMAL_FILE } from '../support/api-key-files.js';
import { rejectionOf, thrownBy } from '../support/caught.js';
import { AUDIENCE, ISSUER, secretOf } from '../support/tokens.js';

const SECRET = secretOf(3).toString('hex');

let keyRing: KeyRing;
let service: object;

beforeAll(async () => {
  keyRing = await createKeyRing({ current: { secret: SECRET } });
  service = {
    keyRing,
    issuer: ISSUER,
    audience: AUDIENCE,
    apiKeys: await loadFiles({ 'a.yaml': MINIMAL_FILE }),
  };
});

/** What a caller without TypeScript gets. */
function failureOf(callee: (...args: never[]) => unknown, ...args: readonly unknown[]): Promise<unknown> {
  const call = async () => Reflect.apply(callee, undefined, args);
  return rejectionOf(call());
}

describe('options from JavaScript', () => {
  test.each([
    ['createKeyRing', createKeyRing, { current: { secret: SECRET }, enviroment: 'staging' }, 'enviroment'],
    ['authenticate', authenticate, { credentialRequired: false }, 'credentialRequired'],
    ['authenticate', authenticate, { tokenLocations: { query: true } }, 'query'],
    ['tokenRouter', tokenRouter, { claim: () => ({}) }, 'claim'],
    ['createAuditTrail', createAuditTrail, { sink: [] }, 'sink'],
    ['loadApiKeys', loadApiKeys, { dir: 'x' }, 'dir'],
    ['watchApiKeys', watchApiKeys, { signal: true }, 'signal'],
    ['generateApiKey', generateApiKey, { env: 'test' }, 'env'],
  ] as const)('misspelt for %s are rejected by name', async (name, callee, options, misspelt) => {
    const shared = name === 'authenticate' ? withoutApiKeys() : name === 'tokenRouter' ? service : {};
    const failure = await failureOf(callee, { ...shared, ...options });

    expect(failure).toBeInstanceOf(TypeError);
    expect(failure).toMatchObject({ message: expect.stringContaining(`unknown option ${misspelt}`) });
  });

  test('misspelt for JweStrategy are rejected by name', () => {
    expect(() =>
      Reflect.construct(JweStrategy, [{ ...withoutApiKeys(), credentialsRequired: false }]),
    ).toThrow('JweStrategy: unknown option credentialsRequired');
  });

  test.each([[undefined], [null], ['text'], [[]]])('that are %j are rejected', async (options) => {
    const callees = [authenticate, createKeyRing, loadApiKeys, watchApiKeys, createAuditTrail, tokenRouter];
    for (const callee of callees) {
      expect(await failureOf(callee, options)).toMatchObject({
        name: 'TypeError',
        message: expect.stringContaining('options must be an object, for example {'),
      });
    }
  });

  test('that are unknown are answered with the known ones', async () => {
    expect(await failureOf(loadApiKeys, { dir: 'x' })).toMatchObject({
      message: expect.stringMatching(/^loadApiKeys: unknown option dir; expected one of: directory, /),
    });
  });

  test('that are missing are answered with an example', async () => {
    expect(await failureOf(tokenRouter)).toMatchObject({
      message: expect.stringMatching(
        /^tokenRouter: options must be an object, for example \{ keyRing, issuer, /,
      ),
    });
  });

  test.each([
    ['the options', SECRET],
    ['the current key', { current: SECRET }],
    ['a previous key', { current: { secret: secretOf(4) }, previous: [SECRET] }],
    ['the name of a variable', { current: { env: SECRET } }],
    ['the name of an option', { current: { secret: secretOf(4) }, [SECRET]: true }],
  ])('with a secret as %s cause an error without the secret', async (_name, options) => {
    const failure = await failureOf(createKeyRing, options);

    expect(failure).toBeInstanceOf(TypeError);
    expect(String(failure)).not.toContain(SECRET);
  });

  test.each([[{ audit: console }], [{ revocations: {} }], [{ keyRing: {} }]])(
    'with a collaborator that lacks a method are rejected: %s',
    async (options) => {
      expect(await failureOf(authenticate, { ...withoutApiKeys(), ...options })).toBeInstanceOf(TypeError);
    },
  );

  test('with a function as a sink are rejected', async () => {
    expect(await failureOf(createAuditTrail, { sinks: [() => {}] })).toMatchObject({
      message:
        'createAuditTrail: sinks[0] must be an object with a method write(record), for example pinoSink(pino())',
    });
  });

  test.each([
    ['an unknown type', () => Reflect.apply(requireType, undefined, ['tiered_model'])],
    ['an array as the value of a claim', () => Reflect.apply(requireClaim, undefined, ['tags', ['a']])],
    ['seconds as a string', () => Reflect.apply(requireMaxAge, undefined, ['60'])],
    ['an array of scopes', () => Reflect.apply(requireScope, undefined, [['a', 'b']])],
  ])('of guards are rejected: %s', (_name, build) => {
    expect(thrownBy(build)).toBeInstanceOf(TypeError);
  });
});

function withoutApiKeys(): object {
  return { keyRing, issuer: ISSUER, audience: AUDIENCE };
}
