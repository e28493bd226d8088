import { expect, test } from '@jest/globals';
import { createMemoryStores } from 'passport-jwe';
import { describeDpop } from '../../../src/verify/dpop/describe-dpop.js';

const dpop = { mode: 'allow', baseUrl: 'https://api.example.com' } as const;

test('describes the absent option as false', () => {
  expect(describeDpop(undefined)).toBe(false);
});

test('describes the base URL and where used proofs are recorded', async () => {
  const stores = createMemoryStores();

  expect(describeDpop(dpop)).toEqual({ ...dpop, nonce: false, replays: 'per process' });
  expect(describeDpop({ ...dpop, replay: { stores } })).toEqual({
    ...dpop,
    nonce: false,
    replays: 'in stores',
  });
  expect(describeDpop(dpop, 'in stores')).toMatchObject({ replays: 'in stores' });
  await stores.close();
});

test('does not contain the secret of the nonces', () => {
  const described = describeDpop({ ...dpop, nonce: { secret: 'canary'.repeat(6) } });

  expect(described).toMatchObject({ nonce: true });
  expect(JSON.stringify(described)).not.toContain('canary');
});
