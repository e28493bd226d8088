/** Counter of unsettled admissions in this process. */
export interface RunningAdmissions {
  readonly count: number;
  /**
   * Increment the counter.
   *
   * @returns a function that decrements the counter
   */
  enter(): () => void;
  /** Wait until the counter is zero. */
  whenNone(): Promise<void>;
}

export function createRunningAdmissions(): RunningAdmissions {
  const waiting: (() => void)[] = [];
  let count = 0;

  return {
    get count() {
      return count;
    },
    enter() {
      count += 1;
      return () => {
        count -= 1;
        if (count > 0) return;
        for (const resolve of waiting.splice(0)) resolve();
      };
    },
    async whenNone() {
      if (count > 0) await new Promise<void>((resolve) => void waiting.push(resolve));
    },
  };
}
