import { createHmac, timingSafeEqual } from 'node:crypto';

/** Tokens against cross-site request forgery, one for each sign-in. */
export interface FormTokens {
  /** Return the token for the form of a sign-in. */
  create(interactionId: string): string;
  isValid(interactionId: string, token: unknown): boolean;
}

/**
 * Bind forms to the sign-in that a cookie identifies. Another site cannot read the token of its visitor, and a token from a sign-in
 * of the attacker is not valid.
 */
export function createFormTokens(key: Buffer): FormTokens {
  const digest = (interactionId: string): Buffer => createHmac('sha256', key).update(interactionId).digest();
  return {
    create: (interactionId) => digest(interactionId).toString('base64url'),
    isValid(interactionId, token) {
      if (typeof token !== 'string') return false;
      const [expected, received] = [digest(interactionId), Buffer.from(token, 'base64url')];
      return received.length === expected.length && timingSafeEqual(received, expected);
    },
  };
}
