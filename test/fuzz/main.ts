import { createRing } from '../support/tokens.js';
import { createFuzzedApp } from './create-fuzzed-app.js';
import { fuzzTokens } from './fuzz-tokens.js';
import { createMutants } from './mutants.js';
import { findFaults, type Tally } from './tally.js';

/** Sends changed tokens, as many as FUZZ_TOKENS says, and exits with 1 where one of them did any harm. */
const tokens = readCount('FUZZ_TOKENS', 1_000_000);
const seed = readCount('FUZZ_SEED', 1);
const isJson = process.argv.includes('--json');

const keyRing = await createRing();
const { app, refusals } = createFuzzedApp(keyRing);
const start = performance.now();
const secondsSince = () => Math.round((performance.now() - start) / 1000);

const keeper = await fuzzTokens({
  app,
  mutants: createMutants(keyRing, seed),
  tokens,
  onProgress: (sent) => console.error(`${sent.toLocaleString('en')} tokens, ${secondsSince()} s`),
});
const tally = keeper.read();
const faults = findFaults(tally);
const reasons = Object.fromEntries([...refusals].sort(([, one], [, other]) => other - one));

if (isJson) console.log(JSON.stringify({ seed, seconds: secondsSince(), ...tally, reasons, faults }));
else {
  for (const [reason, count] of Object.entries(reasons)) console.log(`${reason.padEnd(24)} ${count}`);
  for (const fault of [...faults, ...keeper.examples]) console.log(fault);
  console.log(
    `${faults.length === 0 ? 'passed' : 'FAILED'}: ${describe(tally)}; seed ${seed}, ${secondsSince()} s`,
  );
}
process.exitCode = faults.length === 0 ? 0 : 1;

function describe({ heapGrowthMiB, cpuP999Ms, cpuMaxMs, ...counts }: Tally): string {
  const { tokens: sent, overSocket, accepted, uncaught, failed, unanswered } = counts;
  return [
    `${sent.toLocaleString('en')} mutated tokens, ${overSocket.toLocaleString('en')} of them over sockets`,
    `${accepted} accepted, ${uncaught} uncaught, ${failed} answers of 5xx, ${unanswered} without an answer`,
    `heap ${heapGrowthMiB.toFixed(2)} MiB more than after the first tenth`,
    `CPU time of a request ${cpuP999Ms.toFixed(2)} ms at p99.9, ${cpuMaxMs.toFixed(2)} ms at most`,
  ].join('; ');
}

function readCount(name: string, otherwise: number): number {
  const count = Number(process.env[name] ?? otherwise);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new TypeError(`${name} must be a positive whole number`);
  return count;
}
