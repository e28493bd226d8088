import { createCodecCases, ENCRYPTIONS } from '../support/codec-cases.js';
import { type JwcryptoJudge, startJwcryptoJudge } from '../support/jwcrypto-judge.js';
import { createRandom } from '../support/random.js';
import { createSignatureCases } from '../support/signature-cases.js';
import type { CodecGroup, CodecMutant } from './codec-group.js';
import { createJweGroup } from './codec-mutants.js';
import { createJwsGroup } from './signature-mutants.js';

export interface CodecFuzz {
  /** Mutated tokens of each algorithm. */
  readonly mutations: number;
  readonly seed: number;
  /** Tokens of each algorithm before any change. */
  readonly poolSize: number;
  /** Whether jwcrypto judges too. */
  readonly withJwcrypto: boolean;
  readonly onProgress?: (group: string) => void;
}

/** What became of the mutated tokens. */
export interface CodecTally {
  readonly groups: number;
  readonly mutations: number;
  readonly accepted: number;
  /** Accepted tokens that jwcrypto judged. */
  readonly judgedByJwcrypto: number;
  /** Tokens that only the codec accepts, or whose content it reads otherwise. */
  readonly laxer: readonly string[];
  /** Tokens of which the codec made neither content nor an `InvalidTokenError`, and proper tokens that it rejects. */
  readonly failed: readonly string[];
}

/** Algorithms that jwcrypto 1.1 does not implement. */
const NOT_IN_JWCRYPTO = new Set(['RSA-OAEP-384', 'RSA-OAEP-512', 'Ed25519']);

const BATCH = 200;

/** Compare the codec with jose and jwcrypto on mutated tokens of every algorithm. */
export async function fuzzCodec(run: CodecFuzz): Promise<CodecTally> {
  const groups = await createGroups(run.poolSize);
  const keys = Object.assign({}, ...groups.map((group) => group.keys));
  const judge = run.withJwcrypto ? startJwcryptoJudge(keys) : undefined;
  const tally = { accepted: 0, judgedByJwcrypto: 0, laxer: [], failed: [] };
  try {
    for (const [index, group] of groups.entries()) {
      await fuzzGroup(group, { ...run, seed: run.seed + index, judge, tally });
      run.onProgress?.(group.name);
    }
  } finally {
    await judge?.close();
  }
  return { ...tally, groups: groups.length, mutations: groups.length * run.mutations };
}

async function createGroups(poolSize: number): Promise<readonly CodecGroup[]> {
  const cases = createCodecCases();
  const encryptions = ENCRYPTIONS.filter((enc) => enc.includes('CBC'));
  const names = new Set([...cases.map(({ alg }) => alg), ...encryptions]);
  const encrypted = await Promise.all(
    [...names].map((name) => {
      const some = cases.filter(({ alg, enc }) => alg === name || enc === name);
      return createJweGroup(name, some, poolSize);
    }),
  );
  return [...encrypted, ...createSignatureCases().map((each) => createJwsGroup(each, poolSize))];
}

interface Fuzzing extends CodecFuzz {
  readonly judge: JwcryptoJudge | undefined;
  readonly tally: { accepted: number; judgedByJwcrypto: number; laxer: string[]; failed: string[] };
}

/** A token that the codec accepts, with its content. */
type Accepted = readonly [mutant: CodecMutant, content: string];

async function fuzzGroup(group: CodecGroup, fuzzing: Fuzzing): Promise<void> {
  const { mutations, seed, tally } = fuzzing;
  const random = createRandom(seed);
  let accepted: Accepted[] = [];
  for (const proper of group.proper) {
    if (openOrFail(proper, tally.failed) === undefined) tally.failed.push(`proper: ${proper.mutation}`);
  }
  for (let count = 0; count < mutations; count += 1) {
    const mutant = group.next(random);
    const content = openOrFail(mutant, tally.failed);
    if (content !== undefined) accepted.push([mutant, content]);
    if (accepted.length < BATCH && count < mutations - 1) continue;
    await compare(accepted, fuzzing);
    accepted = [];
  }
}

function openOrFail(mutant: CodecMutant, failed: string[]): string | undefined {
  try {
    return mutant.open();
  } catch (error) {
    failed.push(`${String(error)}: ${mutant.mutation}: ${JSON.stringify(mutant.token)}`);
    return undefined;
  }
}

/** Only tokens that the codec accepts need comparison, since it may be stricter than the others. */
async function compare(accepted: readonly Accepted[], { judge, tally }: Fuzzing): Promise<void> {
  tally.accepted += accepted.length;
  for (const [mutant, content] of accepted) {
    if ((await mutant.openByJose()) !== content) tally.laxer.push(describeMutant('jose', mutant));
  }
  if (judge === undefined) return;
  const judged = accepted.filter((each) => isForJwcrypto(...each));
  const contents = await judge.judge(judged.map(([{ judging }]) => judging));
  tally.judgedByJwcrypto += judged.length;
  judged.forEach(([mutant, content], index) => {
    if (contents[index] !== content) tally.laxer.push(describeMutant('jwcrypto', mutant));
  });
}

/** jwcrypto returns no empty plaintext. */
function isForJwcrypto({ token }: CodecMutant, content: string): boolean {
  return content !== '' && !NOT_IN_JWCRYPTO.has(JSON.parse(headerOf(token)).alg);
}

function headerOf(token: string): string {
  return Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString();
}

function describeMutant(library: string, { mutation, token }: CodecMutant): string {
  return `not by ${library}: ${mutation}: ${headerOf(token)}: ${token}`;
}
