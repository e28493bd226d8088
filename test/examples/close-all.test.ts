import { expect, test } from '@jest/globals';
import { type Closeable, closeAll } from '../../examples/gateway/close-all.js';

const failing = (failure: Error): Closeable => ({
  close: () => Promise.reject(failure),
});

test('parts are closed in order, each once the one before is closed', async () => {
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

test('a part that fails to close keeps no other open, and all failures are told', async () => {
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
