import type { Request } from 'express';
import { Strategy } from 'passport-strategy';

/**
 * Interface between Passport and a strategy. Passport calls `authenticate()`. For each request, it adds the other
 * methods, with which the strategy reports the result.
 */
export interface PassportStrategy {
  authenticate(req: Request, options?: object): void;
  success(user: unknown, info?: unknown): void;
  fail(challenge?: string, status?: number): void;
  redirect(url: string, status?: number): void;
  pass(): void;
  error(error: Error): void;
}

/** Base class of Passport strategies. Its type needs neither `@types/passport` nor `@types/passport-strategy`. */
export const BaseStrategy: new () => PassportStrategy = Strategy;
