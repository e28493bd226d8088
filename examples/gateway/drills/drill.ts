import type { Cluster, ClusterOptions } from './cluster.js';
import type { Environment } from './gateway-process.js';

/** Measured value of a drill. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** Unit of the value, for example `ms`. */
  readonly unit: string;
  /**
   * Maximum value.
   *
   * @default undefined (no bound)
   */
  readonly atMost?: number;
  /**
   * Whether the bound requires a quiet machine, because a busy one delays the gateways and the commands.
   *
   * @default false
   */
  readonly needsQuietMachine?: boolean;
}

/** Verified statement of a drill. */
export interface Check {
  readonly name: string;
  readonly isMet: boolean;
  /** Observation that explains a failure. */
  readonly detail?: string;
}

/** Executed block of a runbook. Times are in milliseconds since 1970. */
export interface BlockRun {
  readonly output: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Functions that a drill uses. */
export interface DrillContext {
  /** Temporary directory, which is removed after the drill. */
  readonly directory: string;
  /** Starts gateways that share a store. They end with the drill. */
  startCluster(options: ClusterOptions): Promise<Cluster>;
  /**
   * Runs a block of the runbook with bash.
   *
   * @throws Error (as rejection) if the runbook has no such block, or if the exit code is not 0.
   */
  runBlock(name: string, environment: Environment): Promise<BlockRun>;
  /** Records a figure. */
  measure(figure: Figure): void;
  /** Records a check. */
  check(name: string, isMet: boolean, detail?: string): void;
  /** Prints progress. */
  log(line: string): void;
  /** Calls a function after the drill, in reverse order. */
  onEnd(dispose: () => Promise<unknown>): void;
}

/** Rehearsal of a runbook on running processes. */
export interface Drill {
  readonly name: string;
  /** Name of the file in `examples/gateway/runbooks`, without the extension. */
  readonly runbook: string;
  /** One sentence for `--help`. */
  readonly summary: string;
  /** Returns whether this machine can run the drill. Default: it can. */
  canRun?(): boolean;
  run(context: DrillContext): Promise<void>;
}

/** Result of a drill. */
export interface DrillResult {
  readonly name: string;
  readonly runbook: string;
  readonly seconds: number;
  readonly figures: readonly Figure[];
  readonly checks: readonly Check[];
  /** Names of the executed blocks. */
  readonly blocks: readonly string[];
}

/** Returns the current time in milliseconds since 1970, with fractions. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
