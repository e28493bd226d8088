import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { createRunningResponses } from '../../examples/gateway/running-responses.js';
import { promotedBytes } from '../support/promoted-bytes.js';

const MEGABYTE = 1024 * 1024;

function createResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

test('a response runs from when it is added until it is removed, in any order', () => {
  const [first, second, third] = [createResponse(), createResponse(), createResponse()];
  const running = createRunningResponses();
  for (const res of [first, second, third]) running.add(res);
  running.remove(first);

  expect(running.size).toBe(2);
  expect(new Set(running)).toEqual(new Set([second, third]));

  running.remove(third);
  expect([...running]).toEqual([second]);

  running.remove(second);
  expect(running.size).toBe(0);
});

test('to remove a response that does not run changes nothing', () => {
  const [running, added] = [createRunningResponses(), createResponse()];
  running.add(added);
  running.remove(createResponse());

  expect([...running]).toEqual([added]);
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
