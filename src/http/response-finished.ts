import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createRequestSlot } from './request-slot.js';

/** A response that is watched until it finishes. */
interface Watch {
  isFinished: boolean;
  readonly listeners: Set<() => void>;
}

const watchSlot = createRequestSlot<Watch, ServerResponse>();

/** One `close` listener per connection, however many responses are queued on it. */
const pendingSlot = createRequestSlot<Set<() => void>, Socket>();

/**
 * Calls a listener once, when the response finishes: it was sent, it was destroyed, or its connection closed. Node emits
 * no `close` on a response that is queued behind another one (HTTP pipelining) when the connection closes.
 * A response that has finished already calls the listener on the next tick.
 *
 * @returns a function that removes the listener.
 * @example
 * onResponseFinished(res, () => void admissionOf(req).settle({ tokens: meter.tokens }));
 */
export function onResponseFinished(res: ServerResponse, listener: () => void): () => void {
  const { isFinished, listeners } = watchOf(res);
  const entry = (): void => listener();
  listeners.add(entry);
  if (isFinished) {
    process.nextTick(() => {
      if (listeners.delete(entry)) listener();
    });
  }
  return () => void listeners.delete(entry);
}

/**
 * Whether the response was sent or destroyed, or its connection closed: nothing that is written to it reaches the client.
 *
 * @example
 * if (!isResponseFinished(res)) res.json(report);
 */
export function isResponseFinished(res: ServerResponse): boolean {
  return watchOf(res).isFinished;
}

function watchOf(res: ServerResponse): Watch {
  return watchSlot.read(res) ?? watchResponse(res);
}

function watchResponse(res: ServerResponse): Watch {
  const watch: Watch = { isFinished: false, listeners: new Set() };
  watchSlot.fill(res, watch);
  const socket = connectionOf(res);
  const pending = socket && pendingOn(socket);
  const finish = (): void => {
    res.off('finish', finish).off('close', finish);
    pending?.delete(finish);
    watch.isFinished = true;
    for (const listener of watch.listeners) callIsolated(listener);
    watch.listeners.clear();
  };
  if (res.writableFinished || res.closed || socket?.destroyed === true) {
    watch.isFinished = true;
    return watch;
  }
  res.once('finish', finish).once('close', finish);
  pending?.add(finish);
  return watch;
}

/** A queued response has no socket yet, and a test double may have no request. */
function connectionOf(res: ServerResponse): Socket | undefined {
  const request: ServerResponse['req'] | undefined = res.req;
  const socket: Socket | null | undefined = res.socket ?? request?.socket;
  return typeof socket?.once === 'function' ? socket : undefined;
}

function pendingOn(socket: Socket): Set<() => void> {
  const known = pendingSlot.read(socket);
  if (known !== undefined) return known;
  const pending = new Set<() => void>();
  pendingSlot.fill(socket, pending);
  socket.once('close', () => {
    for (const finish of pending) finish();
  });
  return pending;
}

/** An error of one listener is an uncaught exception, as with any event, but the other listeners still run. */
function callIsolated(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
