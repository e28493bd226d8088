import { describe, expect, test } from '@jest/globals';
import { InvalidRequestError } from '../../src/base/errors.js';
import { InvalidClientError } from '../../src/base/token-endpoint-errors.js';
import {
  type ClientAuthentication,
  challengeScheme,
  readClientCredentials,
} from '../../src/issue/read-client-credentials.js';

const NOTHING: ClientAuthentication = {
  authorization: [],
  apiKeyHeader: [],
  clientId: undefined,
  clientSecret: undefined,
};

const readAll = (request: Partial<ClientAuthentication>) => readClientCredentials({ ...NOTHING, ...request });
const read = (request: Partial<ClientAuthentication>) => readAll(request)[0];

const basic = (userPass: string) => `Basic ${Buffer.from(userPass).toString('base64')}`;

describe('HTTP Basic', () => {
  test.each([
    ['demo:sk-1', 'demo', 'sk-1'],
    ['demo:a:b:c', 'demo', 'a:b:c'],
    ['a%3Ab:p%25%20q', 'a:b', 'p% q'],
    ['my+key:a+b', 'my key', 'a b'],
    ['demo:%2B', 'demo', '+'],
    ['demo:%C3%A9', 'demo', 'é'],
    ['demo:é', 'demo', 'é'],
    ['demo:', 'demo', ''],
    [':', '', ''],
  ])('%j is form-decoded to %j and %j', (userPass, keyId, secret) => {
    expect(read({ authorization: [basic(userPass)] })).toEqual({ keyId, secret });
  });

  test.each([
    ['demo:100%', '100%'],
    ['demo:50%+x', '50%+x'],
    ['demo:%zz', '%zz'],
    ['demo:%FF', '%FF'],
  ])('%j, which is not an encoding, is used unchanged', (userPass, secret) => {
    expect(read({ authorization: [basic(userPass)] })).toEqual({ keyId: 'demo', secret });
  });

  test.each([
    ['demo:a+b', 'demo', 'a+b'],
    ['demo:%2B/x=', 'demo', '%2B/x='],
    ['a+b:sk-1', 'a+b', 'sk-1'],
  ])('%j is read unchanged second, as curl sends it (RFC 6749 §2.3.1)', (userPass, keyId, secret) => {
    expect(readAll({ authorization: [basic(userPass)] })[1]).toEqual({ keyId, secret });
  });

  test.each(['demo:sk-1', 'demo:100%', 'demo:Zm9v/YmFy='])('%j has one reading', (userPass) => {
    expect(readAll({ authorization: [basic(userPass)] })).toHaveLength(1);
  });

  test('has only the readings that client_id of the body names', () => {
    const authorization = [basic('a+b:x+y')];

    expect(readAll({ authorization, clientId: 'a+b' })).toEqual([{ keyId: 'a+b', secret: 'x+y' }]);
    expect(readAll({ authorization, clientId: 'a b' })).toEqual([{ keyId: 'a b', secret: 'x y' }]);
  });

  test.each(['basic', 'BASIC', 'bAsIc'])('is recognized as %s', (scheme) => {
    const authorization = [basic('demo:sk-1').replace('Basic', scheme)];
    expect(read({ authorization })).toEqual({ keyId: 'demo', secret: 'sk-1' });
  });

  test.each([
    ['no credentials', 'Basic'],
    ['empty credentials', 'Basic '],
    ['no colon', basic('demo')],
    ['no base64', 'Basic ***'],
    ['two parts', `${basic('demo:sk-1')} x`],
    ['a space at the end', `${basic('demo:sk-1')} `],
  ])('is rejected with %s', (_, authorization) => {
    expect(() => read({ authorization: [authorization] })).toThrow(InvalidClientError);
  });
});

describe('Authorization: Bearer', () => {
  test.each(['Bearer sk-1', 'bearer sk-1', 'BEARER   sk-1'])('%j contains the API key', (authorization) => {
    expect(read({ authorization: [authorization] })).toEqual({ secret: 'sk-1' });
  });

  test.each(['Bearer', 'Bearer ', 'Bearer a b'])('is rejected as %j', (authorization) => {
    expect(() => read({ authorization: [authorization] })).toThrow(InvalidClientError);
  });

  test('takes the key_id from the client_id of the body', () => {
    const request = { authorization: ['Bearer sk-1'], clientId: 'demo' };
    expect(read(request)).toEqual({ keyId: 'demo', secret: 'sk-1' });
  });
});

describe('X-API-Key', () => {
  test('contains the API key', () => {
    expect(read({ apiKeyHeader: ['sk-1'] })).toEqual({ secret: 'sk-1' });
  });

  test('takes the key_id from the client_id of the body', () => {
    expect(read({ apiKeyHeader: ['sk-1'], clientId: 'demo' })).toEqual({ keyId: 'demo', secret: 'sk-1' });
  });
});

describe('the body', () => {
  test('contains client_id and client_secret, unchanged', () => {
    expect(read({ clientId: 'demo', clientSecret: 'a+b%20c' })).toEqual({ keyId: 'demo', secret: 'a+b%20c' });
  });

  test('with client_secret alone is a malformed request', () => {
    expect(() => read({ clientSecret: 'sk-1' })).toThrow(
      new InvalidRequestError('client_secret requires client_id'),
    );
  });

  test('with client_id alone does not authenticate', () => {
    expect(() => read({ clientId: 'demo' })).toThrow(InvalidClientError);
  });
});

describe('no credentials', () => {
  test.each([
    [{}],
    [{ authorization: [] }],
    [{ authorization: ['Digest x'] }],
    [{ authorization: ['Basically x'] }],
    [{ authorization: [''] }],
  ])('are read from %j', (request) => {
    expect(() => read(request)).toThrow(expect.objectContaining({ reason: 'no_credentials', status: 401 }));
  });
});

describe('several methods', () => {
  test.each<[string, Partial<ClientAuthentication>]>([
    ['Basic and X-API-Key', { authorization: [basic('demo:sk-1')], apiKeyHeader: ['sk-1'] }],
    ['Bearer and X-API-Key', { authorization: ['Bearer sk-1'], apiKeyHeader: ['sk-1'] }],
    ['Basic and the body', { authorization: [basic('demo:sk-1')], clientId: 'demo', clientSecret: 'sk-1' }],
    ['Bearer and the body', { authorization: ['Bearer sk-1'], clientId: 'demo', clientSecret: 'sk-1' }],
    ['X-API-Key and the body', { apiKeyHeader: ['sk-1'], clientId: 'demo', clientSecret: 'sk-1' }],
    [
      'three',
      { authorization: ['Bearer sk-1'], apiKeyHeader: ['sk-1'], clientId: 'demo', clientSecret: 'sk-1' },
    ],
  ])('are rejected even if they agree: %s', (_, request) => {
    expect(() => read(request)).toThrow(
      new InvalidRequestError('The client uses several authentication methods'),
    );
  });

  test.each<[string, Partial<ClientAuthentication>]>([
    ['Authorization', { authorization: [basic('demo:sk-1'), basic('demo:sk-1')] }],
    ['Authorization', { authorization: [basic('demo:sk-1'), 'Digest x'] }],
    ['X-API-Key', { apiKeyHeader: ['sk-1', 'sk-1'] }],
  ])('are rejected in %s headers', (name, request) => {
    expect(() => read(request)).toThrow(new InvalidRequestError(`The ${name} header is repeated`));
  });

  test('are rejected if they name two clients', () => {
    expect(() => read({ authorization: [basic('demo:sk-1')], clientId: 'other' })).toThrow(
      new InvalidRequestError('client_id does not match the client credentials'),
    );
  });

  test('are accepted if client_id repeats the client of Basic', () => {
    const request = { authorization: [basic('my%20key:sk-1')], clientId: 'my key' };
    expect(read(request)).toEqual({ keyId: 'my key', secret: 'sk-1' });
  });
});

describe('the message of a rejection', () => {
  test.each<[string, Partial<ClientAuthentication>]>([
    ['no colon', { authorization: [basic('c4n4ry')] }],
    ['two parts', { authorization: ['Bearer c4n4ry c4n4ry'] }],
    ['two headers', { apiKeyHeader: ['c4n4ry', 'c4n4ry'] }],
    ['two methods', { apiKeyHeader: ['c4n4ry'], authorization: ['Bearer c4n4ry'] }],
    ['no client_id', { clientSecret: 'c4n4ry' }],
    ['two clients', { authorization: [basic('c4n4ry:c4n4ry')], clientId: 'other' }],
  ])('never contains the sent value: %s', (_, request) => {
    expect(() => read(request)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('c4n4ry') }),
    );
  });
});

describe('challengeScheme', () => {
  test.each([
    [[], 'Basic'],
    [[], 'Basic'],
    [[basic('demo:x')], 'Basic'],
    [['Digest x'], 'Basic'],
    [['Bearerx y'], 'Basic'],
    [['Bearer x'], 'Bearer'],
    [['bearer'], 'Bearer'],
  ])('of %j is %s', (authorization, scheme) => {
    expect(challengeScheme(authorization)).toBe(scheme);
  });
});
