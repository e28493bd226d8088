import type { ServerResponse } from 'node:http';

/** The responses that are not finished, in no particular order. */
export interface RunningResponses extends Iterable<ServerResponse> {
  readonly size: number;
  add(res: ServerResponse): void;
  remove(res: ServerResponse): void;
}

/**
 * Creates an empty list of running responses. It is an array, because a long-lived `Set` would make garbage collection
 * expensive: V8 replaces the table of a `Set` after some changes, and each old table refers to the next one. After the first
 * major collection, minor collections keep all old tables, and copy all finished responses.
 */
export function createRunningResponses(): RunningResponses {
  const responses: ServerResponse[] = [];
  return {
    get size() {
      return responses.length;
    },
    add(res) {
      responses.push(res);
    },
    remove(res) {
      const index = responses.indexOf(res);
      if (index < 0) return;
      const last = responses.pop();
      if (last !== undefined && last !== res) responses[index] = last;
    },
    [Symbol.iterator]: () => responses.values(),
  };
}
