import { afterEach, expect, jest, test } from '@jest/globals';
import { createTestKeyRing, mintToken } from 'passport-jwe/testing';
import { rejectionOf } from '../support/caught.js';

const environment = jest.replaceProperty(process, 'env', { ...process.env });

afterEach(() => {
  environment.replaceValue({ ...process.env, NODE_ENV: 'test' });
});

test('test key rings of a process share their root', () => {
  expect(createTestKeyRing().current).toBe(createTestKeyRing().current);
});

test('test key rings of two processes do not', async () => {
  const first = createTestKeyRing().current;
  await jest.isolateModulesAsync(async () => {
    const copy = await import('passport-jwe/testing');

    expect(copy.createTestKeyRing().current).not.toBe(first);
  });
});

test('a test key ring has a separate environment', () => {
  expect(createTestKeyRing().environment).toBe('test');
});

test('production has neither test key rings nor tokens of theirs', async () => {
  environment.replaceValue({ ...process.env, NODE_ENV: 'production' });

  const message =
    'createTestKeyRing: test keys are not allowed if NODE_ENV is "production": use createKeyRing() or openKeyRing()';

  expect(() => createTestKeyRing()).toThrow(message);
  expect(await rejectionOf(mintToken())).toMatchObject({ message });
});
