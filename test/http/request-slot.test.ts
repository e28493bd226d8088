import { describe, expect, test } from '@jest/globals';
import { createRequestSlot } from '../../src/http/request-slot.js';

describe('a request slot', () => {
  test('holds the last value of its own request', () => {
    const slot = createRequestSlot<number, object>();
    const [request, other] = [{}, {}];
    slot.fill(request, 1);
    slot.fill(request, 2);

    expect(slot.read(request)).toBe(2);
    expect(slot.get(request)).toBe(2);
    expect(slot.read(other)).toBeUndefined();
  });

  test('is separate from every other slot of the request', () => {
    const request = {};
    createRequestSlot<number, object>().fill(request, 1);

    expect(createRequestSlot<number, object>().read(request)).toBeUndefined();
  });

  test('is not enumerable, so copies and logs of the request omit the value', () => {
    const request = {};
    createRequestSlot<string, object>().fill(request, 'secret');

    expect(Reflect.ownKeys({ ...request })).toEqual([]);
  });

  test('throws if no earlier middleware has set the value', () => {
    expect(() => createRequestSlot<number, object>().get({})).toThrow(
      'ran before the middleware that it depends on',
    );
  });
});
