import type { InvalidTokenError } from '../base/errors.js';
import type { JsonObject, JsonValue } from '../base/json.js';
import { REJECTION_ADVICE } from '../base/rejection-advice.js';
import type { RejectionDetail } from '../base/rejections.js';
import type { CommandIo } from './command-io.js';
import { formatCell } from './print-result.js';

/**
 * Prints the reason to standard output, and the cause, the fix and the compared values to standard error. Prints all of
 * them as one JSON object for scripts. Operators may see why a token is rejected; clients never do.
 */
export function reportRejection(io: CommandIo, { reason, detail }: InvalidTokenError, isJson: boolean): void {
  const explanation = { ...REJECTION_ADVICE[reason], ...listDetail(detail) };
  io.print(isJson ? JSON.stringify({ valid: false, reason, ...explanation }) : `rejected: ${reason}`);
  if (isJson) return;
  for (const [name, value] of Object.entries(explanation)) io.note(`${name}: ${formatCell(value)}`);
}

function listDetail({ claim, expected, found }: RejectionDetail): JsonObject {
  const detail: Record<string, JsonValue> = {};
  if (claim !== undefined) detail['claim'] = claim;
  if (expected !== undefined) detail['expected'] = typeof expected === 'string' ? expected : [...expected];
  if (found !== undefined) detail['found'] = found;
  return detail;
}
