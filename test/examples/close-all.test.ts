import { expect, test } from '@jest/globals';
import { type Closeable, closeAll } from '../../examples/gateway/close-all.js';

const failing = (failure: Error): Closeable => ({
  close: () => Promise.reject(failure),
});

test('resources are closed in sequence', async () => {
  const closed: string[] = [];
  const part = (name: string): Closeable => ({
    close: async () => {
      await Promise.resolve();
      closed.push(name);
    },
  });
  await closeAll([part('server'), part('keys'), part('store')]);
  expect(closed).toEqual(['server', 'keys', 'store']);
});

test('a resource that fails to close does not keep others open, and all failures are reported', async () => {
  const [first, second] = [new Error('busy'), new Error('gone')];
  let isClosed = false;
  const last = {
    close: () => {
      isClosed = true;
    },
  };
  await expect(closeAll([failing(first), failing(second), last])).rejects.toMatchObject({
    name: 'AggregateError',
    errors: [first, second],
  });
  expect(isClosed).toBe(true);
});
