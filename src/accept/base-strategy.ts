import type { Request } from 'express';
import { Strategy } from 'passport-strategy';

/** The method that Passport calls, and the methods for the result, which Passport adds for each request. */
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
