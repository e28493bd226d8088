import { execFile } from 'node:child_process';
import type { RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyRing } from 'passport-jwe';
import { createRing } from '../support/tokens.js';
import { createFuzzedApp, type FuzzedApp } from './create-fuzzed-app.js';
import { fuzzTokens } from './fuzz-tokens.js';
import { createMutants } from './mutants.js';
import { findFaults, type Tally } from './tally.js';

/** A million by `npm run fuzz`. */
const TOKENS = 10_000;

let keyRing: KeyRing;
let fuzzed: FuzzedApp;

beforeAll(async () => {
  keyRing = await createRing();
  fuzzed = createFuzzedApp(keyRing);
});

async function fuzz(app: RequestListener, tokens: number): Promise<Tally> {
  return (await fuzzTokens({ app, mutants: createMutants(keyRing, 7), tokens })).read();
}

/** Misbehaves at some requests, the same ones each time, and leaves the others to the application. */
function sometimes(misbehave: RequestListener): RequestListener {
  return (req, res) => {
    const isChosen = (req.headers.authorization ?? '').length % 5 === 0;
    if (isChosen) misbehave(req, res);
    else fuzzed.app(req, res);
  };
}

/** Run `npm run fuzz` in a separate process: the memory of this one also contains that of other test files. */
async function runProgram() {
  const program = fileURLToPath(new URL('main.ts', import.meta.url));
  const counts = { FUZZ_TOKENS: String(TOKENS), FUZZ_PROOFS: '100', FUZZ_MUTATIONS: '1', FUZZ_SEED: '7' };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', program, '--json'],
    // The options of Jest are not for the program.
    { env: { ...process.env, NODE_OPTIONS: '', ...counts } },
  ).catch((failure: { readonly stdout: string }) => failure);
  return JSON.parse(stdout);
}

describe('authenticate()', () => {
  test(`rejects ${TOKENS} mutated tokens for reasons of every step, with no other effect`, async () => {
    const report = await runProgram();

    expect(report).toMatchObject({ faults: [], tokens: TOKENS, overSocket: TOKENS / 25 });
    expect(Object.keys(report.reasons)).toEqual(
      expect.arrayContaining([
        ...['malformed_request', 'too_long', 'segment_count', 'not_base64url', 'header_not_json'],
        ...['unknown_key', 'iv_length', 'tag_length', 'decryption', 'claims_not_json', 'claim_missing'],
      ]),
    );
  });
});

describe('the run finds out', () => {
  const leaked: string[][] = [];
  let burns = 20; // of 10 000 tokens: more than one in a thousand
  const leak = () => void leaked.push(Array(50_000).fill(''));
  const burn = () => {
    burns -= 1;
    if (burns >= 0) burnCpu(30);
  };

  test.each<[string, keyof Tally, number, RequestListener]>([
    ['a token that is accepted', 'accepted', 500, sometimes((_req, res) => res.writeHead(200).end())],
    ['a token that should be and is not', 'properRefused', 500, (_req, res) => res.writeHead(401).end()],
    ['an answer of 5xx', 'failed', 500, sometimes((_req, res) => res.writeHead(503).end())],
    ['a connection without an answer', 'unanswered', 500, sometimes(dropConnection)],
    ['a heap that grows', 'heapGrowthMiB', 500, sometimes(butFirst(leak))],
    ['requests that take long', 'cpuP999Ms', TOKENS, sometimes(butFirst(burn))],
  ])('%s', async (_what, name, tokens, app) => {
    const tally = await fuzz(app, tokens);
    expect(findFaults(tally)).toEqual(expect.arrayContaining([expect.stringContaining(`${name} is `)]));
  });
});

function butFirst(act: () => void): RequestListener {
  return (req, res) => {
    act();
    fuzzed.app(req, res);
  };
}

function burnCpu(milliseconds: number): void {
  const end = process.cpuUsage().user + milliseconds * 1000;
  while (process.cpuUsage().user < end);
}

/** Of those that have one. */
function dropConnection(...[req, res]: Parameters<RequestListener>): void {
  if (req.socket.remotePort === undefined) fuzzed.app(req, res);
  else req.socket.destroy();
}
