import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { open } from 'lmdb';
import { lmdbEnvironment } from '../../src/stores/lmdb/lmdb-environment.js';
import { createTurnstile } from '../../src/stores/lmdb/turnstile.js';

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('a turnstile', () => {
  test('admits one holder at a time', async () => {
    const awaitTurn = createTurnstile(randomUUID());
    const inside: string[] = [];
    const pass = async (name: string): Promise<void> => {
      const endTurn = await awaitTurn();
      inside.push(`${name} comes`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside.push(`${name} goes`);
      endTurn();
    };
    await Promise.all(['a', 'b', 'c'].map(pass));

    const order = inside.filter((_line, index) => index % 2 === 0).map((line) => line.slice(0, 1));
    expect(inside).toEqual(order.flatMap((name) => [`${name} comes`, `${name} goes`]));
  });

  test('rejects after the maximum wait instead of continuing without the mutex', async () => {
    const name = randomUUID();
    const endTurn = await createTurnstile(name)();

    await expect(createTurnstile(name, 20)()).rejects.toThrow('held the write mutex');
    endTurn();
    const endNext = await createTurnstile(name, 1000)();
    endNext();
  });
});

test('steps that cannot get the mutex are a 503, and later steps succeed', async () => {
  const path = await mkdtemp(join(tmpdir(), 'passport-jwe-turnstile-'));
  const turns = [Promise.reject(new Error('No turn'))];
  const { write, close } = lmdbEnvironment({
    root: open({ path, noSubdir: false, overlappingSync: false }),
    awaitTurn: () => turns.shift() ?? Promise.resolve(() => undefined),
    assertRoom: () => undefined,
    generation: { countWrite: () => undefined, confirm: () => undefined },
  });
  const early = await Promise.allSettled([write(() => 'a'), write(() => 'b')]);
  const late = await write(() => 'c');
  await close();
  await rm(path, { recursive: true });

  expect(early).toEqual(
    Array(2).fill({ status: 'rejected', reason: expect.objectContaining({ status: 503 }) }),
  );
  expect(late).toBe('c');
});
