import { describe, expect, test } from '@jest/globals';
import { assertMayHold } from '../../src/issue/grants/holder-of-token.js';
import { assertConfirmed } from '../../src/token/claims/confirmation.js';

const OWN = 'w7JAoU_gJbZJvV-zCOvU9yFJq0FNC_edCMRM78P8eQQ';

/** Exchange a token with a claim `cnf`, as a client that introspects no audience. */
function exchange(cnf: object): void {
  assertMayHold(
    { type: 'service', scope: [], claims: { aud: 'https://api.example.com', cnf } } as never,
    { apiKey: { introspects: [] }, sender: { jkt: OWN } } as never,
  );
}

describe('the exchange of a token that is bound to a key', () => {
  test('is allowed if the client proves the key', () => {
    expect(() => exchange({ jkt: OWN })).not.toThrow();
  });

  test.each([
    ['another key', { jkt: 'other' }],
    ['a key in a form that cannot be proven', { jwk: {} }],
    ['its own key and one that cannot be proven', { jkt: OWN, kid: 'a' }],
  ])('is rejected for %s', (_name, cnf) => {
    expect(() => exchange(cnf)).toThrow(expect.objectContaining({ reason: 'key_bound' }));
  });
});

test.each([[null], ['jkt'], [[]]])(
  'a token with the malformed cnf %j is rejected for every sender',
  (cnf) => {
    const rejected = expect.objectContaining({ reason: 'claim_malformed' });

    expect(() => assertConfirmed({ cnf }, 'any')).toThrow(rejected);
    expect(() => assertConfirmed({ cnf }, { jkt: OWN })).toThrow(rejected);
  },
);
