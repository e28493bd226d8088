import type { JsonObject } from 'passport-jwe';
import { json } from './read-body.js';
import { StreamBrokenError } from './wire-format.js';

/** The object in an event. @throws StreamBrokenError for anything else, and for one that reports an error. */
export function parseEventData(data: string): JsonObject {
  const chunk = json.safeParse(parse(data));
  if (!chunk.success) throw new StreamBrokenError('The provider sent an event that cannot be read');
  if (typeof chunk.data['error'] === 'object' && chunk.data['error'] !== null) {
    throw new StreamBrokenError('The provider reported an error in the middle of its answer');
  }
  return chunk.data;
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
