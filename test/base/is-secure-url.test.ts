import { expect, test } from '@jest/globals';
import { isSecureUrl } from '../../src/base/is-secure-url.js';

test.each([
  'https://api.example.com',
  'http://localhost:8080/path',
  'http://127.0.0.1',
  'http://127.8.9.10:1',
  'http://127.1',
  'http://[::1]:3000',
  'http://[0:0:0:0:0:0:0:1]',
])('%s is secure', (url) => {
  expect(isSecureUrl(new URL(url))).toBe(true);
});

test.each([
  'http://api.example.com',
  'http://localhost.example.com',
  'http://127.0.0.1.example.com',
  'http://128.0.0.1',
  'http://[::2]',
  'ftp://localhost',
  'file:///etc/passwd',
])('%s is not secure', (url) => {
  expect(isSecureUrl(new URL(url))).toBe(false);
});
