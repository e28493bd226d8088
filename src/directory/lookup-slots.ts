import { TemporarilyUnavailableError } from '../base/errors.js';

/** Bound of the concurrent lookups of each client in one directory. */
export interface LookupSlots {
  /**
   * Run a lookup for a client.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the client has too many lookups
   */
  run<Answer>(clientId: string, lookup: () => Promise<Answer>): Promise<Answer>;
}

/** Maximum number of concurrent lookups of one client. More would delay those of other clients. */
const MAX_LOOKUPS = 50;

/** Create the bound without any lookup. */
export function createLookupSlots(): LookupSlots {
  const running = new Map<string, number>();
  return {
    async run(clientId, lookup) {
      const count = running.get(clientId) ?? 0;
      if (count >= MAX_LOOKUPS) {
        const cause = new Error(
          `The API key ${clientId} has ${count} concurrent lookups in a directory: reduce its request rate`,
        );
        throw new TemporarilyUnavailableError({ cause });
      }
      running.set(clientId, count + 1);
      try {
        return await lookup();
      } finally {
        const left = (running.get(clientId) ?? 1) - 1;
        if (left === 0) running.delete(clientId);
        else running.set(clientId, left);
      }
    },
  };
}
