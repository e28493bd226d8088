import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { createRunningResponses } from '../../examples/gateway/running-responses.js';
import { promotedBytes } from '../support/promoted-bytes.js';

const MEGABYTE = 1024 * 1024;

function createResponse(status = 200): ServerResponse {
  return Object.assign(new ServerResponse(new IncomingMessage(new Socket())), { statusCode: status });
}

/** Returns the statuses of the running responses, which tell them apart, in ascending order. */
function statusesOf(running: Iterable<ServerResponse>): readonly number[] {
  return [...running].map(({ statusCode }) => statusCode).sort();
}

test('a response runs from when it is added until it is removed, in any order', () => {
  const [first, second, third] = [createResponse(201), createResponse(202), createResponse(203)];
  const running = createRunningResponses();
  for (const res of [first, second, third]) running.add(res);
  running.remove(first);

  expect(statusesOf(running)).toEqual([202, 203]);
  expect(running.size).toBe(2);

  running.remove(third);
  expect(statusesOf(running)).toEqual([202]);

  running.remove(second);
  expect(running.size).toBe(0);
});

test('removing a response that is not running changes nothing', () => {
  const running = createRunningResponses();
  for (const status of [201, 202]) running.add(createResponse(status));
  running.remove(createResponse(203));

  expect(statusesOf(running)).toEqual([201, 202]);
});

test('finished responses do not survive minor garbage collections', () => {
  const running = createRunningResponses();
  const handleRequests = (): void => {
    for (let count = 0; count < 200; count += 1) {
      running.add(Object.assign(createResponse(), { context: Array(1000).fill(count) }));
      const [oldest] = running;
      if (running.size > 32 && oldest !== undefined) running.remove(oldest);
    }
  };

  expect(promotedBytes(handleRequests)).toBeLessThan(10 * MEGABYTE);
});
