import type { ApiKey, WorkloadRule } from '../../api-keys/api-key.js';
import { matchesConditions } from '../../api-keys/matches-conditions.js';
import { matchesSubject } from '../../api-keys/matches-subject.js';
import { InvalidGrantError } from '../../base/token-endpoint-errors.js';
import type { Workload } from './workload.js';

/**
 * Find the only API key whose `workloads` match. Inactive and expired API keys count too: a workload never moves to
 * another API key because one expires.
 *
 * @throws InvalidGrantError if no API key matches, or several do
 */
export function findWorkloadKey(apiKeys: readonly ApiKey[], workload: Workload): ApiKey {
  const [found, ...others] = apiKeys.filter(({ workloads }) =>
    workloads.some((rule) => matches(rule, workload)),
  );
  if (found === undefined) throw new InvalidGrantError('no_workload', workload);
  if (others.length > 0) throw new InvalidGrantError('several_workloads', workload);
  return found;
}

/** Whether a rule is for this kind of JWT. The sender chooses the kind, and only an ID-JAG is bound to a client and user. */
function matches(rule: WorkloadRule, { issuer, subject, claims, isUser }: Workload): boolean {
  return (
    rule.users === (isUser === true) &&
    rule.issuer === issuer &&
    matchesSubject(rule.subject, subject) &&
    matchesConditions(rule.claims, claims)
  );
}
