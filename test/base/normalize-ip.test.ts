import { expect, test } from '@jest/globals';
import { normalizeIp } from '../../src/base/normalize-ip.js';

test.each([
  ['203.0.113.8', '203.0.113.8'],
  ['203.0.113.8:51234', '203.0.113.8'],
  ['2001:db8::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:51234', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['[fe80::1%eth0]:443', 'fe80::1'],
  ['::ffff:203.0.113.8', '203.0.113.8'],
  ['::FFFF:203.0.113.8', '203.0.113.8'],
  ['[::ffff:203.0.113.8]:51234', '203.0.113.8'],
  ['::ffff:cb00:7108', '203.0.113.8'],
  ['0:0:0:0:0:ffff:203.0.113.8', '203.0.113.8'],
  ['0:0:0:0:0:FFFF:cb00:7108', '203.0.113.8'],
  ['64:ff9b::203.0.113.8', '64:ff9b::203.0.113.8'],
  ['2001:db8:ffff::1', '2001:db8:ffff::1'],
])('a client address is normalised: %s', (text, expected) => {
  expect(normalizeIp(text)).toBe(expected);
});

test.each([
  ...[undefined, '', 'unknown', '_hidden', 'localhost', 'example.com:443', '203.0.113', '203.0.113.8:'],
  ...['203.0.113.8:x', '203.0.113.8:1:2', '999.0.113.8', '[203.0.113.8', '[]', '[]:1', '[x]', '2001:db8::1]'],
  ...['/run/app.sock', '203.0.113.8, 10.0.0.1', '::ffff:999.1.1.1', '%eth0', '[2001:db8::1]x'],
])('a text that is not an address yields undefined: %s', (text) => {
  expect(normalizeIp(text)).toBeUndefined();
});
