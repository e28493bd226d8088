import { expect, test } from '@jest/globals';
import { keyIdOfName } from '../../../src/token/claims/key-id-of-name.js';

test.each([
  ['Enterprise Customer API Key', 'enterprise-customer-api-key'],
  ['  Zoë & Co. ', 'zoe-co'],
  ['x'.repeat(80), 'x'.repeat(64)],
  [`${'x'.repeat(64)} y`, 'x'.repeat(64)],
  [` ${'x'.repeat(63)} y`, 'x'.repeat(63)],
  [` ${'x'.repeat(80)}`, 'x'.repeat(64)],
  ['钥匙', ''],
  ['', ''],
])('the name %j gives %j', (name, keyId) => {
  expect(keyIdOfName(name)).toBe(keyId);
});
