import { type AuditOrigin, auditOrigin } from '../audit/audit-origin.js';
import type { AuditTrail } from '../audit/record.js';
import { PassportJweError } from '../base/errors.js';
import { describeRefusal } from './describe-refusal.js';

/**
 * Run a step that issues tokens to a user, and record an audit event if it is rejected.
 *
 * @param origin request, for the audit log
 */
export async function recordRefusal<Result>(
  audit: AuditTrail,
  origin: AuditOrigin,
  step: () => Promise<Result>,
): Promise<Result> {
  try {
    return await step();
  } catch (failure) {
    if (failure instanceof PassportJweError) {
      await audit.record({ ...describeRefusal(failure), ...auditOrigin(origin) });
    }
    throw failure;
  }
}
