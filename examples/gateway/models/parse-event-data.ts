import type { JsonObject } from 'passport-jwe';
import { json } from './read-body.js';
import { StreamBrokenError } from './wire-format.js';

/**
 * Parses the data of a stream event.
 *
 * @throws StreamBrokenError if the data is not an object or reports an error.
 */
export function parseEventData(data: string): JsonObject {
  const chunk = json.safeParse(parse(data));
  if (!chunk.success) throw new StreamBrokenError('The provider sent a malformed event');
  if (typeof chunk.data['error'] === 'object' && chunk.data['error'] !== null) {
    throw new StreamBrokenError('The provider reported an error within the stream');
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
