import { createReadStream } from 'node:fs';
import { type ChainEnd, type ChainKey, deriveChainKey, readChainedLine } from './chained-lines.js';

/** Chain of lines that one process wrote. It ends when the file is closed or a write fails. */
export interface AuditChain {
  /** ID of the chain. */
  readonly chain: string;
  /** Number of records in the chain. */
  readonly records: number;
  /** `time` of the first record. */
  readonly from: string;
  /** `time` of the last record. The file cannot show whether later records were removed. */
  readonly to: string;
}

/** Line that failed verification. */
export interface AuditProblem {
  /** Line number, starting at 1. Empty lines count. */
  readonly line: number;
  /**
   * Kind of problem:
   *
   * - `altered`: this line or the previous line of its chain was changed,
   * - `gap`: lines before this line were removed, or this line was moved,
   * - `unreadable`: this line is not a complete line of an audit file.
   */
  readonly problem: 'altered' | 'gap' | 'unreadable';
}

/** Result of the verification of an audit file. */
export interface AuditVerification {
  /** Whether the file has no problems. */
  readonly isValid: boolean;
  /** Chains in the file. */
  readonly chains: readonly AuditChain[];
  /** First 100 problems. */
  readonly problems: readonly AuditProblem[];
}

const MAX_PROBLEMS = 100;

/**
 * Verify an audit file and detect changed, removed and inserted lines. Empty lines are ignored.
 *
 * It does not detect the removal of a whole chain or of its end. It also does not detect a chain, or the beginning of a
 * chain, that was copied from a different file with the same key.
 *
 * @param path path of a file written by `openAuditFile()`
 * @param secret `key` with which the file was written
 * @throws TypeError (as rejection) if the key is not a Uint8Array of at least 32 bytes
 * @throws Error (as rejection) from the file system if the file cannot be read
 *
 * @example
 * const { isValid, problems } = await verifyAuditFile('audit.jsonl', key);
 * if (!isValid) console.error(problems);
 */
export async function verifyAuditFile(path: string, secret: Uint8Array): Promise<AuditVerification> {
  const key = deriveChainKey(secret, 'verifyAuditFile');
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

/**
 * Read a file line by line. The module `node:readline` also splits at U+2028 and U+2029, which records may contain.
 */
async function* readLines(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = `${rest}${chunk}`.split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

/**
 * Verify the next line and continues its chain, even if the line is wrong. Each fault is therefore reported only
 * once.
 */
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
