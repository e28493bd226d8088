/** How many admissions of this process are not settled yet. */
export interface RunningAdmissions {
  readonly count: number;
  /** Counts one more; what it returns takes it out again. */
  enter(): () => void;
  /** Resolves when there is none. */
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
