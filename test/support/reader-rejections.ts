import { type ReadingStep, readTokens, type TokenReader } from './token-readers.js';

/** A token that every reader rejects, and with what, beside the code of the error in Node. */
export interface RejectedToken {
  readonly token: string;
  readonly node: string;
  readonly python: string;
}

/** The rows whose token a reader accepts, or rejects with another reason than the row says. */
export async function findOtherVerdicts(
  reader: TokenReader,
  files: ReadingStep['files'],
  rejected: Readonly<Record<string, RejectedToken>>,
): Promise<readonly string[]> {
  const rows = Object.entries(rejected);
  const verdicts = await readTokens(reader, [{ files, tokens: rows.map(([, { token }]) => token) }]);
  return rows.flatMap(([name, row], index) => {
    const verdict = verdicts[index] ?? 'none';
    return !verdict.startsWith('accepted') && verdict.includes(row[reader.language])
      ? []
      : [`${name}: ${verdict}`];
  });
}
