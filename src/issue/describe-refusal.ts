import type { AuditEvent } from '../audit/events.js';
import { InvalidDpopProofError } from '../base/dpop-errors.js';
import { InvalidRequestError, type PassportJweError } from '../base/errors.js';
import type { WorkloadIdentity } from '../base/rejections.js';
import { InvalidClientError, InvalidGrantError } from '../base/token-endpoint-errors.js';
import { describeWorkload } from './workloads/describe-workload.js';

type Refusal = Extract<AuditEvent, { readonly type: 'issuance.refused' }>;

/** A rejected token request as audit events describe it. */
export function describeRefusal(
  error: PassportJweError,
): Pick<Refusal, 'type' | 'code' | 'reason' | 'workloadIssuer' | 'workloadSubject'> {
  const isReasoned =
    error instanceof InvalidClientError ||
    error instanceof InvalidGrantError ||
    error instanceof InvalidDpopProofError ||
    error instanceof InvalidRequestError;
  const reason = isReasoned && error.reason !== undefined ? { reason: error.reason } : {};
  return { type: 'issuance.refused', code: error.code, ...reason, ...describeWorkload(workloadOf(error)) };
}

function workloadOf(error: PassportJweError): WorkloadIdentity | undefined {
  return error instanceof InvalidGrantError ? error.workload : undefined;
}
