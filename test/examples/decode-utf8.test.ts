import { expect, test } from '@jest/globals';
import { decodeUtf8 } from '../../examples/gateway/json/decode-utf8.js';

test.each([
  ['ASCII', 'plain \u0000 \u007f'],
  ['two bytes', 'é'],
  ['three bytes', 'a – b'],
  ['four bytes', '🦊'],
  ['an empty string', ''],
])('decodes %s', (_name, text) => {
  expect(decodeUtf8(Buffer.from(text))).toBe(text);
});
