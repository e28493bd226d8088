import type { JsonObject } from 'passport-jwe';
import { isJsonObject, isUnset } from './read-body.js';
import { StreamBrokenError } from './wire-format.js';

/** Form of error types. Other strings could contain anything, for example a secret. */
const ERROR_TYPE = /^[a-z]+(_[a-z]+){0,4}$/;

/**
 * Parses the data of a stream event.
 *
 * @throws StreamBrokenError if the data is not an object or reports an error.
 */
export function parseEventData(data: string): JsonObject {
  const chunk = parseEventObject(data);
  const { error } = chunk;
  if (!isUnset(error)) {
    const type = isJsonObject(error) ? error['type'] : undefined;
    const isType = typeof type === 'string' && ERROR_TYPE.test(type);
    throw new StreamBrokenError(ERROR_REPORTED, { type: isType ? type : undefined });
  }
  return chunk;
}

export const ERROR_REPORTED = 'The provider reported an error within the stream';

/**
 * Parses the data of a stream event, which can report an error.
 *
 * @throws StreamBrokenError if the data is not an object.
 */
export function parseEventObject(data: string): JsonObject {
  const chunk = parse(data);
  if (!isJsonObject(chunk)) throw new StreamBrokenError('The provider sent a malformed event');
  return chunk;
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
