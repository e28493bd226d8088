import { createReadStream } from 'node:fs';
import { type AuditProblem, type AuditVerification, judgeAudit } from './audit-verification.js';
import { deriveChainKey } from './chained-lines.js';
import { createLineVerifier, type LineProblem } from './line-verifier.js';

/** Number of problems in a result. */
const MAX_PROBLEMS = 100;

/** Number of unreadable lines that are compared with the torn lines that later lines name. */
const MAX_UNREADABLE = 10_000;

/**
 * Verify audit files and detect changed, removed and inserted lines. Empty lines are ignored.
 *
 * It does not detect the removal of the last chain of a process, or of its end. It also does not detect a chain, or the
 * beginning of a chain, that was copied from a different file with the same key.
 *
 * @param paths path of a file written by `openAuditFile()`, or the paths of rotated files, the oldest first
 * @param secret `key` with which the files were written
 * @throws TypeError (as rejection) if the key is not a Uint8Array of at least 32 bytes
 * @throws Error (as rejection) from the file system if a file cannot be read
 *
 * @example
 * const key = await readFile('/run/secrets/audit-key');
 * const { verdict, problems } = await verifyAuditFile(['audit.jsonl.1', 'audit.jsonl'], key);
 * if (verdict !== 'valid') console.error(verdict, problems);
 */
export async function verifyAuditFile(
  paths: string | readonly string[],
  secret: Uint8Array,
): Promise<AuditVerification> {
  const verifier = createLineVerifier(deriveChainKey(secret, 'verifyAuditFile'));
  const kinds = new Set<AuditProblem['problem']>();
  const found: (Omit<AuditProblem, 'problem'> & { readonly found: LineProblem })[] = [];
  for (const [index, path] of [paths].flat().entries()) {
    const file = typeof paths === 'string' ? {} : { file: path };
    let line = 0;
    for await (const bytes of readLines(path)) {
      line += 1;
      const problem = bytes.length === 0 ? undefined : verifier.verify(bytes, index);
      if (problem === undefined) continue;
      if (found.length < MAX_UNREADABLE) found.push({ ...file, line, found: problem });
      else kinds.add(problem.problem);
    }
  }
  const problems = found.map(({ found, ...place }) => ({ ...place, problem: verifier.classify(found) }));
  for (const { problem } of problems) kinds.add(problem);
  const verdict = judgeAudit(kinds);
  return {
    ...{ isValid: verdict === 'valid', verdict, chains: verifier.chains() },
    problems: problems.slice(0, MAX_PROBLEMS),
  };
}

/**
 * Read a file line by line, as bytes: a torn line may end within a character. The module `node:readline` also splits at
 * U+2028 and U+2029, which records may contain.
 */
async function* readLines(path: string): AsyncGenerator<Buffer> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'latin1')) {
    const lines = `${rest}${chunk}`.split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) yield Buffer.from(line, 'latin1');
  }
  yield Buffer.from(rest, 'latin1');
}
