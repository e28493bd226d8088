import { createReadStream } from 'node:fs';
import { type ChainEnd, type ChainKey, deriveChainKey, readChainedLine } from './chained-lines.js';

/** A chain: the lines that a process wrote from the opening of the file to its close, or to a failed write. */
export interface AuditChain {
  readonly chain: string;
  readonly records: number;
  /** `time` of the first record. */
  readonly from: string;
  /** `time` of the last record. The file cannot show whether later ones were removed. */
  readonly to: string;
}

export interface AuditProblem {
  /** Line number, from 1, including empty lines. */
  readonly line: number;
  /**
   * `altered`: the line or the previous line of its chain was changed. `gap`: lines before it were removed, or it was
   * moved. `unreadable`: it is not a complete line of an audit file.
   */
  readonly problem: 'altered' | 'gap' | 'unreadable';
}

export interface AuditVerification {
  readonly isValid: boolean;
  readonly chains: readonly AuditChain[];
  /** The first 100 problems. */
  readonly problems: readonly AuditProblem[];
}

const MAX_PROBLEMS = 100;

/**
 * Verifies an audit file: detects changed, removed and inserted lines. It cannot detect that the end of a chain or a
 * whole chain was removed, nor that a chain, or its beginning, was copied from another file with the same key. Empty
 * lines are ignored.
 * @param path path of a file written by `openAuditFile()`.
 * @param secret the `key` of that file.
 * @throws TypeError (as rejection) if the key is too short.
 * @throws Error (as rejection) of the file system if the file cannot be read.
 * @example
 * const { isValid, problems } = await verifyAuditFile('audit.jsonl', key);
 * if (!isValid) console.error(problems);
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

/** Node's readline also splits at U+2028 and U+2029, which records may contain. */
async function* readLines(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = `${rest}${chunk}`.split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

/** Continues the chain with each line, even a wrong one, so that one fault is reported once. */
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
