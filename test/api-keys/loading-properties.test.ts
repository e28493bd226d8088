import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ConfigurationError } from '../../src/api-keys/configuration-error.js';
import { type LoadedApiKeys, loadApiKeys } from '../../src/api-keys/load-api-keys.js';
import { withDirectory } from '../support/api-key-files.js';
import { fieldsOfAnyKey } from './any-key-fields.js';
import { anyText, FILES, mutatedFile, SECRET, soup } from './any-key-file.js';
import { brokenRules } from './key-rules.js';

const SEED = 71_005;
const MAX_CPU_MS = 1000;
const ENVIRONMENT = { VAR: `v-${SECRET}`, EMPTY: '', NUMBER: '60' };

type Outcome = 'loaded' | 'refused';

/** Loads one file, which must come to one of the two within its time, whatever it holds. */
async function checkLoading(directory: string, content: string | Uint8Array): Promise<Outcome> {
  const file = join(directory, 'key.yaml');
  await writeFile(file, content);
  const before = process.cpuUsage();
  const loaded = await loadApiKeys({ directory, environment: ENVIRONMENT }).catch((error: unknown) => error);
  const { user, system } = process.cpuUsage(before);

  expect((user + system) / 1000).toBeLessThan(MAX_CPU_MS);
  if (!(loaded instanceof ConfigurationError)) return checkKeys(loaded);
  checkProblems(loaded, file, Buffer.from(content).toString());
  return 'refused';
}

function checkKeys(loaded: unknown): Outcome {
  if (!isLoaded(loaded)) throw loaded;
  expect(loaded.apiKeys.map(brokenRules)).toEqual([[]]);
  return 'loaded';
}

function isLoaded(value: unknown): value is LoadedApiKeys {
  return typeof value === 'object' && value !== null && 'apiKeys' in value;
}

/** Each is at a place that there is, and quotes no value. */
function checkProblems({ problems }: ConfigurationError, file: string, content: string): void {
  const lines = content.replace(/^\ufeff/, '').split('\n');
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) {
    const length = lines[problem.line - 1]?.length ?? -1;
    expect(problem).toMatchObject({ file, path: expect.any(String), message: expect.stringMatching(/^\S/) });
    expect(problem.message).not.toContain(SECRET);
    expect([problem.column >= 1, problem.column <= length + 1]).toEqual([true, true]);
  }
}

describe('any API key file loads as a valid key or as problems with a position', () => {
  test('an unchanged valid file is a key', async () => {
    await withDirectory({}, async (directory) => {
      for (const file of FILES) expect(await checkLoading(directory, file)).toBe('loaded');
    });
  });

  test('with fields that are valid, or almost', async () => {
    const counts = { loaded: 0, refused: 0 };
    await withDirectory({}, async (directory) => {
      await fc.assert(
        fc.asyncProperty(fieldsOfAnyKey, async (fields) => {
          counts[await checkLoading(directory, JSON.stringify(fields))] += 1;
        }),
        { seed: SEED, numRuns: 800 },
      );
    });
    expect(Math.min(counts.loaded, counts.refused)).toBeGreaterThan(100);
  });

  test('with any change of a valid file', async () => {
    await withDirectory({}, async (directory) => {
      await fc.assert(
        fc.asyncProperty(mutatedFile, async (text) => {
          await checkLoading(directory, text);
        }),
        { seed: SEED, numRuns: 400 },
      );
    });
  });

  test('with any text or any bytes', async () => {
    await withDirectory({}, async (directory) => {
      await fc.assert(
        fc.asyncProperty(fc.oneof(anyText, fc.uint8Array({ maxLength: 200 })), async (content) => {
          await checkLoading(directory, content);
        }),
        { seed: SEED, numRuns: 200 },
      );
    });
  });

  test('with maximum length and repetitive content', async () => {
    const repeated = fc
      .tuple(
        fc.constantFrom('', ...FILES),
        soup.filter((text) => text !== ''),
      )
      .map(
        ([start, text]) => start + text.repeat(Math.floor((60_000 - start.length) / Buffer.byteLength(text))),
      );
    await withDirectory({}, async (directory) => {
      await fc.assert(
        fc.asyncProperty(repeated, async (text) => {
          await checkLoading(directory, text);
        }),
        { seed: SEED, numRuns: 40 },
      );
    });
  });
});
