import type { TokenIssuance } from '../../audit/token-events.js';
import type { WorkloadIdentity } from '../../base/rejections.js';

/** Describe the workload identity of a token request for audit events. Its claims are not recorded. */
export function describeWorkload(
  workload: WorkloadIdentity | undefined,
): Pick<TokenIssuance, 'workloadIssuer' | 'workloadSubject'> {
  if (workload === undefined) return {};
  return { workloadIssuer: workload.issuer, workloadSubject: workload.subject };
}
