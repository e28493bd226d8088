import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { createParser } from 'eventsource-parser';
import type { Response } from 'express';
import { discard } from './call-provider.js';
import { StreamBrokenError, type StreamEvent, type StreamMeter } from './wire-format.js';

export interface Relay {
  readonly body: Readable;
  readonly res: Response;
  readonly meter: StreamMeter;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
}

/** An event that is longer than any that a provider sends. */
const MAX_EVENT_LENGTH = 8 * 1024 * 1024;

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // Proxies would hold back what they could compress or buffer.
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/**
 * Passes a stream of events on, at the pace of the client, and resolves with its last event.
 * @throws StreamBrokenError (as rejection) where it ended before its time; an AbortError where the client left.
 */
export async function relayStream({ body, res, meter, signal }: Relay): Promise<void> {
  const events: StreamEvent[] = [];
  let isTooLong = false;
  const parser = createParser({
    onEvent: ({ event, data }) => void events.push({ event, data }),
    maxBufferSize: MAX_EVENT_LENGTH,
    // What the format says nothing about is passed over.
    onError: ({ type }) => {
      isTooLong ||= type === 'max-buffer-size-exceeded';
    },
  });
  const decoder = new TextDecoder();
  res.status(200).set(HEADERS).flushHeaders();
  try {
    for await (const bytes of body.iterator({ destroyOnReturn: false })) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      for (const event of events.splice(0)) await send(meter.relay(event));
      if (isTooLong) throw new StreamBrokenError('The provider sent an event that is too long');
      if (meter.isComplete) break;
    }
    if (!meter.isComplete) throw new StreamBrokenError('The provider broke off');
  } catch (failure) {
    discard(body);
    throw failure;
  }
  // Nothing of interest follows; read to its end, the connection serves the next request.
  body.on('error', () => {}).resume();

  async function send(text: string): Promise<void> {
    signal.throwIfAborted();
    if (text !== '' && !res.write(text)) await once(res, 'drain', { signal });
  }
}
