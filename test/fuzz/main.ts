import { hasJwcrypto } from '../support/jwcrypto-judge.js';
import { createRing } from '../support/tokens.js';
import { createFuzzedApp, FUZZED_DPOP, type FuzzedApp } from './create-fuzzed-app.js';
import { type CodecTally, fuzzCodec } from './fuzz-codec.js';
import { type FuzzRun, fuzzTokens } from './fuzz-tokens.js';
import { createMutants } from './mutants.js';
import { createProofMutants } from './proof-mutants.js';
import { findFaults, type Tally } from './tally.js';

/**
 * Sends changed tokens, as many as FUZZ_TOKENS says, and requests with changed DPoP proofs, as many as FUZZ_PROOFS says.
 * Compares the codec with jose and jwcrypto on FUZZ_MUTATIONS of each algorithm. Exits with 1 where a token or a proof did
 * any harm, or where the codec is laxer.
 */
const tokens = readCount('FUZZ_TOKENS', 1_000_000);
const proofs = readCount('FUZZ_PROOFS', 100_000);
const mutations = readCount('FUZZ_MUTATIONS', 20_000);
const seed = readCount('FUZZ_SEED', 1);
const isJson = process.argv.includes('--json');

const keyRing = await createRing();
const start = performance.now();
const secondsSince = () => Math.round((performance.now() - start) / 1000);

/** Send changed requests, and print what became of them. */
async function fuzz(noun: string, fuzzed: FuzzedApp, run: Pick<FuzzRun, 'mutants' | 'tokens'>) {
  const from = secondsSince();
  const keeper = await fuzzTokens({
    app: fuzzed.app,
    ...run,
    onProgress: (sent) => console.error(`${sent.toLocaleString('en')} ${noun}, ${secondsSince()} s`),
  });
  const tally = keeper.read();
  const faults = findFaults(tally);
  const reasons = Object.fromEntries([...fuzzed.refusals].sort(([, one], [, other]) => other - one));
  if (!isJson) {
    for (const [reason, count] of Object.entries(reasons)) console.log(`${reason.padEnd(24)} ${count}`);
    for (const fault of [...faults, ...keeper.examples]) console.log(fault);
    const verdict = faults.length === 0 ? 'passed' : 'FAILED';
    console.log(`${verdict}: ${describe(noun, tally)}; seed ${seed}, ${secondsSince() - from} s`);
  }
  return { ...tally, reasons, faults };
}

const ofTokens = await fuzz('tokens', createFuzzedApp(keyRing), {
  mutants: createMutants(keyRing, seed),
  tokens,
});
const ofProofs = await fuzz('DPoP proofs', createFuzzedApp(keyRing, FUZZED_DPOP), {
  mutants: createProofMutants(keyRing, seed),
  tokens: proofs,
});

const codecFrom = secondsSince();
const codec = await fuzzCodec({
  ...{ mutations, seed, poolSize: 24, withJwcrypto: hasJwcrypto() },
  onProgress: (group) => console.error(`${group}, ${secondsSince()} s`),
});
const codecFaults = [...codec.laxer, ...codec.failed];
const isPassed = ofTokens.faults.length + ofProofs.faults.length + codecFaults.length === 0;

if (isJson) {
  console.log(JSON.stringify({ seed, seconds: secondsSince(), ...ofTokens, proofs: ofProofs, codec }));
} else {
  for (const fault of codecFaults.slice(0, 10)) console.log(fault);
  console.log(
    `${codecFaults.length === 0 ? 'passed' : 'FAILED'}: ${describeCodec(codec)}; seed ${seed}, ${secondsSince() - codecFrom} s`,
  );
}
process.exitCode = isPassed ? 0 : 1;

function describe(noun: string, tally: Tally): string {
  const { heapGrowthMiB, rssGrowthMiB, cpuP999Ms, cpuMaxMs, ...counts } = tally;
  const { tokens: sent, overSocket, accepted, uncaught, failed, unanswered } = counts;
  return [
    `${sent.toLocaleString('en')} mutated ${noun}, ${overSocket.toLocaleString('en')} of them over sockets`,
    `${accepted} accepted, ${uncaught} uncaught, ${failed} answers of 5xx, ${unanswered} without an answer`,
    `heap ${heapGrowthMiB.toFixed(2)} MiB and process ${rssGrowthMiB.toFixed(0)} MiB more than after the first tenth`,
    `CPU time of a request ${cpuP999Ms.toFixed(2)} ms at p99.9, ${cpuMaxMs.toFixed(2)} ms at most`,
  ].join('; ');
}

function describeCodec({ groups, laxer, failed, ...counts }: CodecTally): string {
  const { mutations: changed, accepted, judgedByJwcrypto } = counts;
  const jwcrypto = hasJwcrypto()
    ? `${judgedByJwcrypto.toLocaleString('en')} of them by jwcrypto`
    : 'no jwcrypto';
  return [
    `${changed.toLocaleString('en')} mutated tokens of ${groups} algorithms`,
    `${accepted.toLocaleString('en')} accepted and compared with jose, ${jwcrypto}`,
    `${laxer.length} accepted by the codec alone, ${failed.length} failed otherwise`,
  ].join('; ');
}

function readCount(name: string, otherwise: number): number {
  const count = Number(process.env[name] ?? otherwise);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new TypeError(`${name} must be a positive whole number`);
  return count;
}
