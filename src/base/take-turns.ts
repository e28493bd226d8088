/** Runs steps of one name one after the other, in this process. */
export type Turns = <Result>(name: string, step: () => Promise<Result>) => Promise<Result>;

/** Uses of one family take turns, so that they do not race for its record; other processes still may. */
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
