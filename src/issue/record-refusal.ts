import type { AuditTrail } from '../audit/record.js';
import { PassportJweError } from '../base/errors.js';
import { describeRefusal } from './describe-refusal.js';

/**
 * Run a step that issues tokens to a user, and record an audit event if it is rejected.
 *
 * @param ip client address, for the audit log
 */
export async function recordRefusal<Result>(
  audit: AuditTrail,
  ip: string | undefined,
  step: () => Promise<Result>,
): Promise<Result> {
  try {
    return await step();
  } catch (failure) {
    if (failure instanceof PassportJweError) {
      await audit.record({ ...describeRefusal(failure), ...(ip === undefined ? {} : { ip }) });
    }
    throw failure;
  }
}
