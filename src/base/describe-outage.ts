import { messageOf } from './message-of.js';
import { nameOfFailure } from './name-of-failure.js';

/** Bounds the chain, which may be a cycle. */
const MAX_CAUSES = 4;

/** Credentials in URLs, and tokens, keys and digests, which have 32 characters or more. */
const SECRETS = /(?<=:\/\/)\S+(?=@)|[\w-]+(\.[\w-]*){4}|[\w-]{32,}/g;

/**
 * Describe the cause of an outage for operators: code and message of each error in the chain. Messages contain no
 * credentials and no long random strings. Syntax errors are described by name, because their messages quote the input.
 */
export function describeOutage(failure: unknown): readonly string[] {
  const causes: string[] = [];
  for (let cause = failure; cause !== undefined && causes.length < MAX_CAUSES; cause = causeOf(cause)) {
    causes.push(describe(cause));
  }
  return causes;
}

function describe(cause: unknown): string {
  const name = nameOfFailure(cause);
  if (name === 'SyntaxError') return name;
  const message = messageOf(cause).replace(SECRETS, '***');
  return message.includes(name) ? message : `${name}: ${message}`;
}

function causeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'cause') : undefined;
}
