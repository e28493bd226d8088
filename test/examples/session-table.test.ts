import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { SessionTable } from '../../examples/mcp/session-table.js';

const IDLE_MS = 1000;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

function createTable() {
  const closed: string[] = [];
  const table = new SessionTable<{ close(): Promise<void> }>({ maxPerCaller: 2, idleMs: IDLE_MS });
  const open = (id: string, caller: string) =>
    table.add(id, caller, { close: async () => void closed.push(id) });
  return { table, closed, open };
}

test('a further session of a caller ends the one that was not used for the longest time', () => {
  const { table, closed, open } = createTable();
  open('a', 'alice');
  open('b', 'alice');
  open('c', 'bob');
  table.use('a');
  open('d', 'alice');

  expect(closed).toEqual(['b']);
  expect(['a', 'b', 'c', 'd'].map((id) => table.use(id) !== undefined)).toEqual([true, false, true, true]);
});

test('a session ends after its idle time, which restarts with each request', () => {
  const { table, closed, open } = createTable();
  open('a', 'alice');
  open('b', 'alice');
  jest.advanceTimersByTime(IDLE_MS - 1);
  table.use('a');
  jest.advanceTimersByTime(1);

  expect(closed).toEqual(['b']);
  jest.advanceTimersByTime(IDLE_MS);
  expect(closed).toEqual(['b', 'a']);
  expect(table.use('a')).toBeUndefined();
});

test('a session that the client ended is not closed again', () => {
  const { table, closed, open } = createTable();
  open('a', 'alice');
  table.delete('a');
  jest.advanceTimersByTime(IDLE_MS);

  expect(table.use('a')).toBeUndefined();
  expect(closed).toEqual([]);
});
