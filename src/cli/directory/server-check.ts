import { messageOf } from '../../base/message-of.js';

/** Result of one check of a directory server. */
export interface ServerCheck {
  readonly check: string;
  /** `warning` if sign-ins work, but the configuration may be incomplete. */
  readonly result: 'ok' | 'warning' | 'failed';
  /** Finding, with the remedy unless the result is `ok`. */
  readonly detail: string;
}

/** Describe a failed check: the message of the error, and what to do. */
export function failedCheck(check: string, failure: unknown, advice?: string): ServerCheck {
  const message = messageOf(failure).replace(/\.$/, '');
  return { check, result: 'failed', detail: advice === undefined ? message : `${message}: ${advice}` };
}
