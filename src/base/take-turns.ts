/** Mutex for each name within this process. Steps with the same name run one after the other. */
export type Turns = <Result>(name: string, step: () => Promise<Result>) => Promise<Result>;

/** Create a set of named mutexes. They prevent races within one process, but not between processes. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();

  return async (name, step) => {
    const before = last.get(name);
    const turn = before === undefined ? step() : before.then(step, step);
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
}
