import { createHistogram } from 'node:perf_hooks';
import type { Mutant } from './mutants.js';

/** What became of the tokens. */
export interface Tally {
  readonly tokens: number;
  /** How many of them came over a socket. */
  readonly overSocket: number;
  readonly accepted: number;
  /** Answers of 5xx. */
  readonly failed: number;
  readonly unanswered: number;
  /** Errors and rejections that nobody caught. */
  readonly uncaught: number;
  /** Proper tokens, sent now and then, that were not accepted: the rest would tell nothing. */
  readonly properRefused: number;
  /** CPU time of one request in milliseconds, with that of other threads of the process meanwhile. */
  readonly cpuP999Ms: number;
  readonly cpuMaxMs: number;
  /** Of what the heap holds beside garbage, from the first tenth of the tokens to the last one. */
  readonly heapGrowthMiB: number;
  /** Of the memory of the process (RSS) meanwhile, with that of keys and buffers outside the heap. */
  readonly rssGrowthMiB: number;
}

/** Memory in bytes, after a garbage collection. */
export type MemoryUsage = Pick<NodeJS.MemoryUsage, 'heapUsed' | 'rss'>;

/** Where the outcomes of a run are written down. */
export interface TallyKeeper {
  /** @param status of the answer; 0 where there was none. */
  count(mutant: Mutant, status: number, way: 'directly' | 'over a socket'): void;
  countProper(status: number): void;
  countUncaught(error: unknown): void;
  countCpu(usage: NodeJS.CpuUsage): void;
  countMemory(atFirst: MemoryUsage, atLast: MemoryUsage): void;
  /** The first faults, each with what caused it. */
  readonly examples: readonly string[];
  read(): Tally;
}

const MAX_EXAMPLES = 10;
const MAX_CPU_MS = 20;

/** Tokens from which the percentile of the CPU time is more than the time of one token. */
const MANY_TOKENS = 10_000;
const MAX_HEAP_GROWTH_MIB = 8;
const MAX_RSS_GROWTH_MIB = 100;

export function keepTally(): TallyKeeper {
  const counts = {
    tokens: 0,
    overSocket: 0,
    accepted: 0,
    failed: 0,
    unanswered: 0,
    uncaught: 0,
    properRefused: 0,
  };
  const cpu = createHistogram();
  const examples: string[] = [];
  let growth = { heapGrowthMiB: 0, rssGrowthMiB: 0 };

  const note = (kind: keyof typeof counts, cause: string): void => {
    counts[kind] += 1;
    if (examples.length < MAX_EXAMPLES) examples.push(`${kind}: ${cause}`);
  };

  return {
    examples,
    count({ mutation, fields }, status, way) {
      counts.tokens += 1;
      if (way === 'over a socket') counts.overSocket += 1;
      const cause = `${status} ${way}, ${mutation}: ${JSON.stringify(fields)}`;
      if (status === 0) note('unanswered', cause);
      else if (status >= 500) note('failed', cause);
      else if (status < 400) note('accepted', cause);
    },
    countProper(status) {
      if (status !== 200) note('properRefused', String(status));
    },
    countUncaught: (error) => note('uncaught', String(error)),
    countCpu: ({ user, system }) => cpu.record(Math.max(1, user + system)),
    countMemory(atFirst, atLast) {
      const [heapGrowthMiB, rssGrowthMiB] = [
        (atLast.heapUsed - atFirst.heapUsed) / 2 ** 20,
        (atLast.rss - atFirst.rss) / 2 ** 20,
      ];
      growth = { heapGrowthMiB, rssGrowthMiB };
    },
    read: () => ({
      ...counts,
      cpuP999Ms: cpu.percentile(99.9) / 1000,
      cpuMaxMs: cpu.max / 1000,
      ...growth,
    }),
  };
}

/** What is wrong with an outcome; nothing, where every token was refused as it should be. */
export function findFaults(tally: Tally): readonly string[] {
  const limits: Partial<Tally> = {
    ...{ accepted: 0, failed: 0, unanswered: 0, uncaught: 0, properRefused: 0 },
    ...(tally.tokens < MANY_TOKENS ? {} : { cpuP999Ms: MAX_CPU_MS }),
    heapGrowthMiB: MAX_HEAP_GROWTH_MIB,
    rssGrowthMiB: MAX_RSS_GROWTH_MIB,
  };
  return Object.entries(tally).flatMap(([name, value]) => {
    const limit = new Map(Object.entries(limits)).get(name);
    return limit === undefined || value <= limit ? [] : [`${name} is ${value}, at most ${limit} is allowed`];
  });
}
