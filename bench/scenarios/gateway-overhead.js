import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { imageChat, longChat, smallChat } from '../gateway/chat-bodies.js';
import { createSendChat, keepOpen } from '../gateway/send-chat.js';
import { startGateway } from '../gateway/start-gateway.js';
import { startProgram } from '../gateway/start-program.js';
import { pinThisProcess, SERVER_CORE } from '../pin-process.js';
import { percentileOf, sampleTogether } from '../sample-together.js';

/**
 * Requests before the first round. V8 compiles the functions of the gateway meanwhile, so that the rounds measure a gateway
 * that has run for some minutes.
 */
const WARM_UP = 30_000;

/** Pairs of requests in a round, one request after the other. */
const PAIRS = 1000;

/** Requests in a round at 32 connections. */
const AMOUNT = 2000;
const CONNECTIONS = 32;

/** Requests of 10 MB in a round. */
const LARGE = 8;

/** Bounds of the gateway for a small chat, in milliseconds. */
const BOUND = { 'p50 ms': 0.6, 'p99 ms': 4, 'CPU ms/req': 0.5 };

const programOf = (name) => fileURLToPath(new URL(`../gateway/${name}`, import.meta.url));

/**
 * A provider, and a pipe and a gateway in front of it, each in a separate process. The gateway and the pipe, of which one
 * works at a time, have one core. The provider and this process, which sends the requests, share another.
 * @typedef {object} Route
 * @property {string} provider origin
 * @property {string} pipe origin
 * @property {import('../gateway/start-gateway.js').Gateway} gateway
 * @property {() => Promise<void>} dispose
 */

/** @returns {Promise<Route>} */
async function openRoute() {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-bench-'));
  const unpin = pinThisProcess();
  const provider = await startProgram([programOf('serve-provider.js')]);
  const pipe = await startProgram([programOf('serve-pipe.js'), provider.urls[0]], { core: SERVER_CORE });
  const gateway = await startGateway(directory, provider.urls[0]);
  return {
    provider: provider.urls[0],
    pipe: pipe.urls[0],
    gateway,
    async dispose() {
      unpin();
      await Promise.all([gateway, pipe, provider].map((program) => program.end()));
      await rm(directory, { recursive: true });
    },
  };
}

/**
 * The time that a pipe and the gateway add to a small chat. Each request directly to the provider is followed by the same
 * request through the pipe, or in other pairs through the gateway. One request runs at a time.
 * @param {boolean} isStream
 */
export async function createGatewayChatScenario(isStream) {
  const route = await openRoute();
  const chat = { body: smallChat(isStream), isStream, agent: keepOpen(1) };
  const openSenders = async () => {
    const token = await route.gateway.issueToken();
    return [route.provider, route.pipe, route.gateway.origin].map((origin) =>
      createSendChat(origin, { ...chat, token }),
    );
  };
  await warmUp(await openSenders());
  const measure = async () => {
    const [toProvider, toPipe, toGateway] = await openSenders();
    const pipe = await timePairs(toProvider, toPipe);
    const before = await route.gateway.cpuSeconds();
    const gateway = await timePairs(toProvider, toGateway);
    const cpuMs = (((await route.gateway.cpuSeconds()) - before) * 1000) / PAIRS;
    return {
      direct: summarize(gateway.direct, 0),
      'pipe, added': summarize(pipe.added, 0),
      'gateway, added': summarize(gateway.added, cpuMs),
      bound: BOUND,
    };
  };
  const name = `gateway, small chat${isStream ? ', stream' : ''}`;
  const subjects = sampleTogether(['direct', 'pipe, added', 'gateway, added', 'bound'], measure);
  return { name, subjects, dispose: route.dispose };
}

/**
 * Times requests to the provider, each followed by one through a hop.
 * @param {import('../gateway/send-chat.js').SendChat} toProvider
 * @param {import('../gateway/send-chat.js').SendChat} toHop
 */
async function timePairs(toProvider, toHop) {
  const times = { direct: [], added: [] };
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const direct = await timeOf(toProvider);
    times.direct.push(direct);
    times.added.push((await timeOf(toHop)) - direct);
  }
  return times;
}

/**
 * @param {readonly number[]} times in milliseconds
 * @param {number} cpuMs
 */
function summarize(times, cpuMs) {
  return { 'p50 ms': percentileOf(times, 0.5), 'p99 ms': percentileOf(times, 0.99), 'CPU ms/req': cpuMs };
}

/** Small chats at 32 connections. */
export async function createGatewayLoadScenario() {
  const route = await openRoute();
  const chat = { body: smallChat(false), agent: keepOpen(CONNECTIONS) };
  const token = await route.gateway.issueToken();
  await warmUp(
    [route.pipe, route.gateway.origin].map((origin) => createSendChat(origin, { ...chat, token })),
  );
  const subjectOf = (name, origin, cpuSeconds = async () => 0) => ({
    name,
    async sample() {
      const send = createSendChat(origin, { ...chat, token: await route.gateway.issueToken() });
      const before = await cpuSeconds();
      const start = performance.now();
      let left = AMOUNT;
      const work = async () => {
        for (; left > 0; left -= 1) await send();
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, work));
      const seconds = (performance.now() - start) / 1000;
      return { 'req/s': AMOUNT / seconds, 'CPU ms/req': (((await cpuSeconds()) - before) * 1000) / AMOUNT };
    },
  });
  const subjects = [
    subjectOf('direct', route.provider),
    subjectOf('pipe', route.pipe),
    subjectOf('gateway', route.gateway.origin, route.gateway.cpuSeconds),
  ];
  return { name: 'gateway, 32 connections', subjects, dispose: route.dispose };
}

/** Chats of 10 MB, by kind. */
const LARGE_CHATS = {
  image: imageChat,
  conversation: () => longChat({ isAscii: true }),
  'conversation, not ASCII': () => longChat({ isAscii: false }),
};

export const LARGE_KINDS = Object.keys(LARGE_CHATS);

/** @param {string} kind one of `LARGE_KINDS` */
export async function createGatewayLargeScenario(kind) {
  const route = await openRoute();
  const chat = { body: LARGE_CHATS[kind](), agent: keepOpen(1) };
  const subjectOf = (name, origin) => ({
    name,
    async sample() {
      const send = createSendChat(origin, { ...chat, token: await route.gateway.issueToken() });
      const times = [];
      for (let request = 0; request < LARGE; request += 1) times.push(await timeOf(send));
      return { 'ms/req': percentileOf(times, 0.5) };
    },
  });
  const subjects = [
    subjectOf('direct', route.provider),
    subjectOf('pipe', route.pipe),
    subjectOf('gateway', route.gateway.origin),
  ];
  return { name: `gateway, 10 MB, ${kind}`, subjects, dispose: route.dispose };
}

/** @param {readonly import('../gateway/send-chat.js').SendChat[]} senders */
async function warmUp(senders) {
  for (const send of senders) {
    for (let request = 0; request < WARM_UP; request += 1) await send();
  }
}

/** @param {import('../gateway/send-chat.js').SendChat} send */
async function timeOf(send) {
  const start = performance.now();
  await send();
  return performance.now() - start;
}
