import type { Logger } from 'pino';
import type { Finding, HealthCheck } from './finding.js';

/** Time between two updates of the checks, in milliseconds. */
const INTERVAL_MS = 1000;

/** Settings of `watchHealth()`. */
export interface HealthSetting {
  /** Checks by name. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  readonly logger?: Pick<Logger, 'error' | 'warn' | 'info'>;
  /** Monotonic clock in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/** Health checks that run in the background. */
export interface Health {
  /** Returns the present results, without I/O. */
  read(): ReadonlyMap<string, Finding>;
  /** Updates all checks once, and logs the changes. */
  update(): Promise<void>;
  close(): void;
}

/** Runs all checks once, then every second. Each change is logged once, and a recovery with the duration of the problem. */
export async function watchHealth({
  checks,
  logger,
  now = () => performance.now(),
}: HealthSetting): Promise<Health> {
  const logged = new Map<string, Problem>();
  const read = (): ReadonlyMap<string, Finding> =>
    new Map(Object.entries(checks).map(([name, check]) => [name, check.read()]));

  const update = async (): Promise<void> => {
    await Promise.all(Object.values(checks).map((check) => check.refresh?.()));
    for (const [name, finding] of read()) noteChange(name, finding);
  };
  const noteChange = (name: string, finding: Finding): void => {
    const known = logged.get(name);
    if (finding.state === 'passed') {
      if (known === undefined) return;
      logged.delete(name);
      logger?.info({ check: name, duration_ms: Math.round(now() - known.since) }, 'health check recovered');
      return;
    }
    const { state, reason, advice, facts } = finding;
    if (known?.state === state && known.reason === reason) return;
    logged.set(name, { state, reason, since: known?.since ?? now() });
    const level = state === 'failed' ? 'error' : 'warn';
    logger?.[level]({ check: name, reason, advice, ...facts }, `health check ${state}`);
  };

  await update();
  const timer = setInterval(() => void update(), INTERVAL_MS).unref();
  return { read, update, close: () => clearInterval(timer) };
}

/** Problem that is in the log. */
interface Problem {
  readonly state: Finding['state'];
  readonly reason: string;
  readonly since: number;
}
