import { createServer, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { eventsOf, wholeAnswer } from './chaos-answers.js';
import type { ChaosPlan } from './chaos-plans.js';

/** What a provider has served for one request. */
export interface Served {
  /** Number of requests that it received, including those that it rejected. */
  readonly calls: number;
  /** Whether it began to process the request. */
  readonly isProcessed: boolean;
  /** Words that it sent, of which the last ones can be lost if the client has disconnected. */
  readonly words: number;
  /** Counts that it reported. */
  readonly reported: Pick<ChaosPlan, 'input' | 'cached' | 'output' | 'reasoning'> | undefined;
}

/** Provider on a real socket that follows the plan in each request, and keeps a ledger of the usage that it served. */
export interface ChaosProvider {
  readonly origin: string;
  servedOf(plan: ChaosPlan): Served;
  close(): Promise<void>;
}

const NOT_SERVED: Served = { calls: 0, isProcessed: false, words: 0, reported: undefined };

export async function startChaosProvider(): Promise<ChaosProvider> {
  const ledger = new Map<number, Served>();
  const note = (plan: ChaosPlan, entry: Partial<Served>): void => {
    ledger.set(plan.id, { ...(ledger.get(plan.id) ?? NOT_SERVED), ...entry });
  };

  const answer = async (res: ServerResponse, body: string): Promise<void> => {
    const { plan, stream_options: options }: { plan: ChaosPlan; stream_options?: object } = JSON.parse(body);
    const { calls } = ledger.get(plan.id) ?? NOT_SERVED;
    note(plan, { calls: calls + 1 });
    const failure = plan.failures[calls];
    if (failure !== undefined) {
      res.writeHead(failure, { 'Content-Type': 'application/json' }).end('{"error":{"message":"busy"}}');
      return;
    }
    note(plan, { isProcessed: true });
    const pauses = plan.kind === 'aborted';
    if (pauses) await pause(plan.leaveAfterMs / 2);
    if (!plan.isStream) {
      res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(wholeAnswer(plan)));
      note(plan, { words: plan.words, reported: plan.kind === 'estimated' ? undefined : plan });
      return;
    }
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (const { text, words, isReport } of eventsOf(plan, options !== undefined)) {
      if (res.destroyed) return;
      res.write(text);
      note(plan, { words, ...(isReport ? { reported: plan } : {}) });
      if (pauses && words % 8 === 0) await pause(plan.leaveAfterMs / 8);
    }
    res.end();
  };

  const server = createServer((req, res) => {
    // A request that is aborted before its end has no answer.
    readText(req).then(
      (body) => answer(res, body),
      () => undefined,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  return {
    origin: `http://127.0.0.1:${port}`,
    servedOf: ({ id }) => ledger.get(id) ?? NOT_SERVED,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
