import { beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyRing } from 'passport-jwe';
import type { ReplayStore } from '../../src/stores/replay-store.js';
import { createRing } from '../support/tokens.js';
import { createFuzzedApp, FUZZED_DPOP, type FuzzedApp } from './create-fuzzed-app.js';
import { fuzzTokens } from './fuzz-tokens.js';
import { createProofMutants } from './proof-mutants.js';
import { findFaults } from './tally.js';

/** 100 000 by `npm run fuzz`. */
const PROOFS = 1000;

let keyRing: KeyRing;
let fuzzed: FuzzedApp;

beforeAll(async () => {
  keyRing = await createRing();
  fuzzed = createFuzzedApp(keyRing, FUZZED_DPOP);
});

const fuzz = async (app: FuzzedApp['app'], tokens: number) =>
  (await fuzzTokens({ app, mutants: createProofMutants(keyRing, 7), tokens })).read();

describe('authenticate() with dpop', () => {
  test(`rejects ${PROOFS} mutated proofs, and nothing else comes of them`, async () => {
    const tally = await fuzz(fuzzed.app, PROOFS);

    expect(findFaults(tally)).toEqual([]);
    expect(tally).toMatchObject({ tokens: PROOFS, overSocket: PROOFS / 25 });
  });

  test('rejects them for reasons of every check', () => {
    const reasons = [
      ...['malformed_request', 'key_bound', 'not_key_bound', 'wrong_key', 'proof_missing'],
      ...['proof_repeated', 'proof_too_long', 'proof_malformed', 'proof_typ', 'proof_algorithm', 'proof_key'],
      ...['proof_private_key', 'proof_claim', 'proof_method', 'proof_target', 'proof_too_old'],
      ...['proof_in_future', 'proof_token_hash', 'proof_signature', 'proof_replayed'],
    ];

    expect(reasons.filter((reason) => !fuzzed.refusals.has(reason))).toEqual([]);
  });

  test('the run finds a server that accepts used proofs', async () => {
    const forgetful = createFuzzedApp(keyRing, {
      ...FUZZED_DPOP,
      replay: { stores: { replays: FORGETFUL } },
    });
    const tally = await fuzz(forgetful.app, 300);

    expect(findFaults(tally)).toEqual([expect.stringContaining('accepted is ')]);
  });
});

/** A store that takes every proof for new. */
const FORGETFUL: ReplayStore = { use: () => 'first' };
