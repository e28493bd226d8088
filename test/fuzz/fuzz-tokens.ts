import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { callDirectly } from './call-directly.js';
import type { MutantSource } from './mutants.js';
import { createRawClient, type RawClient } from './raw-client.js';
import { keepTally, type MemoryUsage, type TallyKeeper } from './tally.js';

export interface FuzzRun {
  /** Answers `GET /resource`. */
  readonly app: RequestListener;
  readonly mutants: MutantSource;
  /** How many tokens are sent. */
  readonly tokens: number;
  /** Told after each twentieth of them. */
  readonly onProgress?: (sent: number) => void;
}

/** Everything that sends, and writes down what came of it. */
interface Senders {
  readonly app: RequestListener;
  readonly mutants: MutantSource;
  readonly clients: readonly RawClient[];
  readonly tally: TallyKeeper;
}

/** A round is sent, answered and counted as a whole; each client sends one token of it. */
const ROUND = 100;
const CLIENTS = 4;
const ROUND_TIMEOUT_MS = 30_000;

/** Sends changed tokens to an application, most of them directly and some over sockets, until all are sent or one gets no answer. */
export async function fuzzTokens({ app, mutants, tokens, onProgress }: FuzzRun): Promise<TallyKeeper> {
  const tally = keepTally();
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clients = Array.from({ length: CLIENTS }, () => createRawClient(portOf(server)));
  const stopWatching = watchForUncaught(tally);
  try {
    await sendRounds({ app, mutants, clients, tally }, Math.ceil(tokens / ROUND), onProgress);
  } finally {
    stopWatching();
    for (const client of clients) client.close();
    server.close();
  }
  return tally;
}

async function sendRounds(
  senders: Senders,
  rounds: number,
  onProgress: FuzzRun['onProgress'] = () => undefined,
): Promise<void> {
  const { tally } = senders;
  const collectGarbage = findCollector();
  const readMemory = (): MemoryUsage => {
    collectGarbage();
    return process.memoryUsage();
  };
  const firstTenth = Math.ceil(rounds / 10);
  let atFirst: MemoryUsage = { heapUsed: 0, rss: 0 };
  for (let round = 1; round <= rounds; round += 1) {
    const isAnswered = await isInTime(sendRound(senders));
    if (!isAnswered) return tally.count({ mutation: 'one of a round', fields: [] }, 0, 'directly');
    if (round === firstTenth) atFirst = readMemory();
    if (round % Math.ceil(rounds / 20) === 0) onProgress(round * ROUND);
    // Between the requests, so that none of them is held up by the garbage of all.
    collectGarbage({ type: 'minor' });
  }
  tally.countMemory(atFirst, readMemory());
}

async function sendRound({ app, mutants, clients, tally }: Senders): Promise<void> {
  await Promise.all(
    clients.map(async (client) => {
      const mutant = mutants.next();
      tally.count(mutant, await client.send(mutant.fields), 'over a socket');
    }),
  );
  for (let sent = CLIENTS; sent < ROUND; sent += 1) {
    const mutant = mutants.next();
    const before = process.cpuUsage();
    const status = await callDirectly(app, mutant.fields);
    tally.countCpu(process.cpuUsage(before));
    tally.count(mutant, status, 'directly');
  }
  tally.countProper(await callDirectly(app, mutants.proper()));
  tally.countProper((await clients[0]?.send(mutants.proper())) ?? 0);
  // What was rejected and not handled is told of between two turns of the event loop.
  await setImmediate();
}

async function isInTime(work: Promise<void>): Promise<boolean> {
  const ending = new AbortController();
  const { signal } = ending;
  const late = setTimeout(ROUND_TIMEOUT_MS, false, { signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    ending.abort();
  }
}

/** @returns what ends the watching. */
function watchForUncaught(tally: TallyKeeper): () => void {
  process.on('uncaughtException', tally.countUncaught).on('unhandledRejection', tally.countUncaught);
  return () => {
    process.off('uncaughtException', tally.countUncaught).off('unhandledRejection', tally.countUncaught);
  };
}

/** Of the garbage; Node has it only where it is asked for. */
function findCollector(): (options?: object) => void {
  setFlagsFromString('--expose-gc');
  const collector: unknown = runInNewContext('gc');
  if (typeof collector !== 'function') throw new Error('The garbage cannot be collected');
  return (...options) => void collector(...options);
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port');
  return address.port;
}
