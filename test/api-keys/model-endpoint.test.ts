import { describe, expect, test } from '@jest/globals';
import { isModelEndpoint } from '../../src/api-keys/model-endpoint.js';

describe('isModelEndpoint', () => {
  test.each([
    'https://api.example.com/v1/chat/completions',
    'HTTPS://API.EXAMPLE.COM',
    'http://localhost:11434/v1',
    'http://127.0.0.1',
    'http://[::1]:8080/',
    'echo:',
  ])('%s is one', (endpoint) => {
    expect(isModelEndpoint(endpoint)).toBe(true);
  });

  test.each([
    'http://api.example.com',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'http://10.0.0.1',
    'http://localhost@example.com',
    'ftp://localhost',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'echo:x',
    'echo://localhost',
    'Echo:',
    '/v1/chat',
    'api.example.com',
    'https://',
    '',
  ])('%s is not one', (endpoint) => {
    expect(isModelEndpoint(endpoint)).toBe(false);
  });
});
