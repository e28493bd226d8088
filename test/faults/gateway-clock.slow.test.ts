import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { exchange, getDocuments, revoke, setUpGatewayPrograms } from '../support/gateway-programs.js';

const { startAndWait, readDemoApiKey, directory } = setUpGatewayPrograms();

const PRELOADED = pathToFileURL('examples/gateway/drills/set-clock.js').href;

function clockFile(): string {
  return join(directory(), 'clock');
}

/** Sets the clock of the gateway, which may be reading the file just now. */
async function setClock(seconds: number): Promise<void> {
  await writeFile(`${clockFile()}.next`, String(seconds));
  await rename(`${clockFile()}.next`, clockFile());
}

async function readReadiness(origin: string): Promise<unknown> {
  const answer = await fetch(`${origin}/readyz`);
  return [answer.status, JSON.parse(await answer.text()).checks.clock];
}

test('the gateway logs a change of the system time, and recovers once it is correct again', async () => {
  await setClock(0);
  const environment = { NODE_OPTIONS: `--import=${PRELOADED}`, CLOCK_FILE: clockFile() };
  const { origin, program } = await startAndWait(environment);
  const apiKey = await readDemoApiKey();
  const [token, revoked] = [await exchange(origin, apiKey), await exchange(origin, apiKey)];
  const verdicts = async () =>
    Promise.all([token, revoked].map(async (each) => (await getDocuments(origin, each)).status));
  expect((await revoke(origin, apiKey, revoked)).status).toBe(200);
  expect(await readReadiness(origin)).toEqual([200, true]);

  await setClock(3600);
  expect(await readReadiness(origin)).toEqual([503, false]);
  expect(await verdicts()).toEqual([401, 401]);
  expect((await revoke(origin, apiKey, await exchange(origin, apiKey))).status).toBe(200);

  await setClock(0);
  expect(await readReadiness(origin)).toEqual([200, true]);
  expect(await verdicts()).toEqual([200, 401]);

  await setClock(-3600);
  expect(await readReadiness(origin)).toEqual([503, false]);
  expect(await verdicts()).toEqual([200, 401]);
  expect((await getDocuments(origin, await exchange(origin, apiKey))).status).toBe(200);
  expect(program.output()).toMatch(/"step_seconds":-3\d{3}.*the system time was changed/);
});
