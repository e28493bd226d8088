import { createReadStream } from 'node:fs';
import { type ChainEnd, type ChainKey, deriveChainKey, readChainedLine } from './chained-lines.js';

/** The lines that one process wrote from one opening of the file to its end, or to a failure. */
export interface AuditChain {
  readonly chain: string;
  readonly records: number;
  /** `time` of the first record. */
  readonly from: string;
  /** `time` of the last. Whether others followed, the file cannot tell. */
  readonly to: string;
}

export interface AuditProblem {
  /** Counted from 1, empty lines included. */
  readonly line: number;
  /**
   * `altered`: the line, or the one that it follows, is not what was written. `gap`: lines are missing before it, or it
   * stands elsewhere than it did. `unreadable`: it is no line of an audit file, perhaps half of one.
   */
  readonly problem: 'altered' | 'gap' | 'unreadable';
}

export interface AuditVerification {
  readonly isValid: boolean;
  readonly chains: readonly AuditChain[];
  /** The first hundred. */
  readonly problems: readonly AuditProblem[];
}

const MAX_PROBLEMS = 100;

/**
 * Reads an audit file and finds what was changed in a chain, taken out of it or put into it. It cannot find that lines
 * were taken off the end of a chain, or that a whole chain was taken away, nor that a chain, or its beginning, was copied
 * from another file under the same key. Empty lines mean nothing.
 * @param path what `openAuditFile()` wrote.
 * @param secret its key.
 * @throws TypeError (as rejection) for a key that is too short; else what the file system says.
 */
export async function verifyAuditFile(path: string, secret: Uint8Array): Promise<AuditVerification> {
  const key = deriveChainKey(secret);
  const chains = new Map<string, ChainEnd & AuditChain>();
  const problems: AuditProblem[] = [];
  let number = 0;
  for await (const line of readLines(path)) {
    number += 1;
    if (line === '') continue;
    const problem = follow(line, chains, key);
    if (problem !== undefined && problems.length < MAX_PROBLEMS) problems.push({ line: number, problem });
  }
  const found = [...chains.values()].map(({ chain, records, from, to }) => ({ chain, records, from, to }));
  return { isValid: problems.length === 0, chains: found, problems };
}

/** Node's readline would end a line at U+2028 and U+2029 too, which may stand in a record. */
async function* readLines(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = `${rest}${chunk}`.split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

/** Takes a line for the next of its chain, whatever is wrong with it, so that one fault is found once. */
function follow(
  text: string,
  chains: Map<string, ChainEnd & AuditChain>,
  key: ChainKey,
): AuditProblem['problem'] | undefined {
  const line = readChainedLine(text);
  if (line === undefined) return 'unreadable';
  const { chain, seq, mac, time } = line;
  const before = chains.get(chain);
  const expected = before?.seq ?? 0;
  const records = (before?.records ?? 0) + 1;
  chains.set(chain, { chain, seq: seq + 1, mac, records, from: before?.from ?? time, to: time });
  if (seq !== expected) return 'gap';
  return line.follows(key, before?.mac ?? '') ? undefined : 'altered';
}
