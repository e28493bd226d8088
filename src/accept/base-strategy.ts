import type { Request } from 'express';
import { Strategy } from 'passport-strategy';

/**
 * Interface between Passport and a strategy. Passport calls `authenticate()`. For each request, it adds the other
 * methods, with which the strategy reports the result.
 */
export interface PassportStrategy {
  /** Authenticate a request. Passport calls it. */
  authenticate(req: Request, options?: object): void;
  /** Report an authenticated user. */
  success(user: unknown, info?: unknown): void;
  /** Report a failed authentication. */
  fail(challenge?: string, status?: number): void;
  /** Redirect the request. */
  redirect(url: string, status?: number): void;
  /** Continue without authentication. */
  pass(): void;
  /** Report an error. */
  error(error: Error): void;
}

/** Base class of Passport strategies. Its type needs neither `@types/passport` nor `@types/passport-strategy`. */
export const BaseStrategy: new () => PassportStrategy = Strategy;
