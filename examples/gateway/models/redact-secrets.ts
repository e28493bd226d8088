import type { ModelEndpoint } from 'passport-jwe/api-keys';

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
