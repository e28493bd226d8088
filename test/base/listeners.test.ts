import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createListeners } from '../../src/base/listeners.js';
import { warnOfFailure } from '../../src/base/warn-of-failure.js';
import { promotedBytes } from '../support/promoted-bytes.js';

const warn = warnOfFailure('A listener of the test failed', 'PASSPORT_JWE_TEST');

let emitWarning: jest.SpiedFunction<typeof process.emitWarning>;

beforeEach(() => {
  emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

afterEach(() => emitWarning.mockRestore());

test('every listener receives the event, in the order of registration', () => {
  const listeners = createListeners<number>(warn);
  const calls: string[] = [];
  listeners.add((event) => calls.push(`first ${event}`));
  listeners.add((event) => calls.push(`second ${event}`));
  listeners.emit(7);

  expect(calls).toEqual(['first 7', 'second 7']);
});

test('a function that is added twice is two registrations, removed one by one', () => {
  const listeners = createListeners(warn);
  const listener = jest.fn();
  const remove = listeners.add(listener);
  listeners.add(listener);
  remove();
  remove();
  listeners.emit();

  expect(listener).toHaveBeenCalledTimes(1);
});

test('a listener that throws skips no other and is reported by the class of its error', () => {
  const listeners = createListeners(warn);
  const after = jest.fn();
  listeners.add(() => {
    throw new RangeError('secret');
  });
  listeners.add(() => {
    throw 'a string';
  });
  listeners.add(after);
  listeners.emit();

  expect(after).toHaveBeenCalledTimes(1);
  expect(emitWarning.mock.calls).toEqual([
    ['A listener of the test failed (RangeError)', { code: 'PASSPORT_JWE_TEST' }],
    ['A listener of the test failed (string)', { code: 'PASSPORT_JWE_TEST' }],
  ]);
});

test('a promise that rejects is reported, and so is a thenable of another library', async () => {
  const listeners = createListeners(warn);
  listeners.add(async () => {
    throw new RangeError('secret');
  });
  listeners.add(() => ({
    // biome-ignore lint/suspicious/noThenProperty: the thenable is what is tested
    then: (_resolve: unknown, reject: (fault: unknown) => void) => reject(new SyntaxError('secret')),
  }));
  listeners.emit();
  await new Promise((resolve) => setImmediate(resolve));

  expect(emitWarning.mock.calls.map(([message]) => message)).toEqual([
    'A listener of the test failed (RangeError)',
    'A listener of the test failed (SyntaxError)',
  ]);
});

test('a listener that is removed during an event is no longer called', () => {
  const listeners = createListeners(warn);
  const removed = jest.fn();
  const removers: (() => void)[] = [];
  listeners.add(() => {
    for (const remove of removers) remove();
  });
  removers.push(listeners.add(removed));
  listeners.emit();

  expect(removed).not.toHaveBeenCalled();
});

test('a listener that is added during an event waits for the next one', () => {
  const listeners = createListeners(warn);
  const added = jest.fn();
  const remove = listeners.add(() => {
    listeners.add(added);
  });
  listeners.emit();
  expect(added).not.toHaveBeenCalled();
  remove();
  listeners.emit();

  expect(added).toHaveBeenCalledTimes(1);
});

test('a listener that is not a function is rejected at once', () => {
  expect(() => createListeners(warn).add(JSON.parse('5'))).toThrow(
    new TypeError('onChange: listener must be a function, for example () => console.log("changed")'),
  );
});

test('removed listeners do not survive minor garbage collections', () => {
  const listeners = createListeners(warn);
  const registered: (() => boolean)[] = [];
  const addAndRemove = (): void => {
    for (let count = 0; count < 200; count += 1) {
      const context = Array(1000).fill(count);
      registered.push(listeners.add(() => context));
      if (registered.length > 32) registered.shift()?.();
    }
  };

  expect(promotedBytes(addAndRemove)).toBeLessThan(10 * 1024 * 1024);
});
