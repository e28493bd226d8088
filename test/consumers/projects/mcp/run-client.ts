/** Usage: node run-client.js SDK '{ "url", "caller", "steps" }'. Prints the results of the steps as JSON. */
import type { Caller, ClientFactory, TestedClient } from './client.js';

/** `list`, or the name of a tool with a note. */
type Step = readonly [step: string, note?: string];

interface Scenario {
  readonly url: string;
  readonly caller: Caller;
  readonly steps: readonly Step[];
  readonly isModern?: boolean;
}

const loadFactory = async (sdk: string): Promise<ClientFactory> =>
  sdk === '1' ? (await import('./sdk-1.js')).createSdk1Client : (await import('./sdk-2.js')).createSdk2Client;

const [sdk = '', text = '{}'] = process.argv.slice(2);
const { url, caller, steps, isModern = false }: Scenario = JSON.parse(text);
const client = (await loadFactory(sdk))(new URL(url), caller, isModern);

const results: unknown[] = [];
for (const step of [['connect'], ...steps] as const) results.push(await attempt(() => run(client, step)));
const { exchanges } = client;
const [accessToken, sessionId] = [await client.accessToken(), client.sessionId()];
console.log(JSON.stringify({ results, exchanges, accessToken, sessionId }));
await client.close();

function run(tested: TestedClient, [step, note]: Step): Promise<unknown> {
  if (step === 'connect') return tested.connect().then(() => 'connected');
  if (step === 'list') return tested.listTools();
  return tested.call(step, note === undefined ? {} : { note });
}

/** The result, or the message of the error. */
async function attempt(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (failure) {
    return { failure: failure instanceof Error ? failure.message : String(failure) };
  }
}
