import { type Finding, PASSED } from './finding.js';

/** Problem of a check. */
export interface HealthDetail {
  readonly check: string;
  readonly reason: string;
  readonly advice: string;
}

/** Results of all checks. */
export interface HealthReport {
  /** Whether requests succeed, by check. */
  readonly checks: Readonly<Record<string, boolean>>;
  /** Problems of the failed checks. */
  readonly details: readonly HealthDetail[];
  /** Problems that do not affect readiness, as sentences. */
  readonly warnings: readonly string[];
}

const DRAINING: Finding = {
  state: 'failed',
  reason: 'shutting_down',
  advice: 'None: the gateway finishes running requests',
};

/** Converts the results of the checks and the state of the server to a report. A shutdown takes effect at once. */
export function describeHealth(
  results: ReadonlyMap<string, Finding>,
  server: { readonly isDraining: boolean },
): HealthReport {
  const findings = new Map([...results, ['accepting', server.isDraining ? DRAINING : PASSED]]);
  const checks: Record<string, boolean> = {};
  const details: HealthDetail[] = [];
  const warnings: string[] = [];
  for (const [check, finding] of findings) {
    checks[check] = finding.state !== 'failed';
    if (finding.state === 'passed') continue;
    const { state, reason, advice } = finding;
    if (state === 'failed') details.push({ check, reason, advice });
    else warnings.push(`${check} (${reason}): ${advice}`);
  }
  return { checks, details, warnings };
}
