/**
 * Result of a health check. `failed`: an instance in this state answers requests with errors. `degraded`: requests
 * succeed, but an operator must act.
 */
export type Finding =
  | { readonly state: 'passed' }
  | {
      readonly state: 'degraded' | 'failed';
      /** Stable name of the cause. */
      readonly reason: string;
      /** Remedy for the operator, without addresses and secrets: anonymous callers can read it. */
      readonly advice: string;
      /** Measured values, only for the log. */
      readonly facts?: Readonly<Record<string, number>>;
    };

/** Result of a check that found no problem. */
export const PASSED: Finding = { state: 'passed' };

/** Health check. */
export interface HealthCheck {
  /** Returns the present result. Probes call it, so it must not wait or perform I/O. */
  read(): Finding;
  /** Updates the result in the background. It must settle. */
  refresh?(): Promise<void>;
}
