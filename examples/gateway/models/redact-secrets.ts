import type { JsonObject } from 'passport-jwe';
import type { ModelEndpoint } from 'passport-jwe/api-keys';
import { withData } from './split-events.js';
import type { StreamEvent } from './wire-format.js';

/** Minimum length of a query parameter that can be a secret. Shorter ones are words of messages too. */
const MIN_PARAMETER_LENGTH = 8;

/** Returns the secrets of an endpoint, which must not occur in messages. */
export function secretsOf({ apiKey, headers, query }: ModelEndpoint): readonly string[] {
  const values = [...(apiKey === undefined ? [] : [apiKey]), ...headers.values()].map((each) =>
    each.reveal(),
  );
  const parameters = [...query.values()].map((each) => each.reveal());
  return [...values, ...parameters.filter(({ length }) => length >= MIN_PARAMETER_LENGTH)];
}

/**
 * Returns the text of an event without secrets. Serializers can escape characters of a secret, for example `+` as `\u002b`.
 * The data is therefore searched after parsing. An event without secrets remains unchanged.
 */
export function redactEvent(event: StreamEvent, data: JsonObject, secrets: readonly string[]): string {
  const redact = (_name: string, value: unknown): unknown =>
    typeof value === 'string' ? redactSecrets(value, secrets) : value;
  const safe = JSON.stringify(data, redact);
  const text = safe === JSON.stringify(data) ? event.raw : withData(event, safe);
  return redactSecrets(text, secrets);
}

/** Minimum length of a part of a secret to remove. Shorter parts are words, for example `Bearer`. */
const MIN_PART_LENGTH = 8;

/** Removes secrets, also the credentials of a header without the scheme. Longer secrets come first. */
export function redactSecrets(text: string, secrets: readonly string[]): string {
  const parts = secrets.flatMap((secret) =>
    secret.split(' ').filter(({ length }) => length >= MIN_PART_LENGTH),
  );
  return [...secrets, ...parts]
    .filter((secret) => secret !== '')
    .sort((one, other) => other.length - one.length)
    .reduce((safe, secret) => safe.replaceAll(secret, '[secret]'), text);
}
