import { CLAIMS_ADVICE } from './claims-advice.js';
import { OPENING_ADVICE } from './opening-advice.js';
import type { TokenRejection } from './rejections.js';

/** What a rejection means, and what to do about it. */
export interface RejectionAdvice {
  readonly cause: string;
  readonly fix: string;
}

/**
 * Advice for each reason, as in docs/reference/errors.md. Printed by debug lines and the command line, never sent to
 * clients. Large, so load it on first use.
 */
export const REJECTION_ADVICE: Readonly<Record<TokenRejection, RejectionAdvice>> = {
  ...OPENING_ADVICE,
  ...CLAIMS_ADVICE,
};
