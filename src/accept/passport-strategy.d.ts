/** Types of passport-strategy, which ships none. `@types/passport-strategy` would add the global types of Passport. */
declare module 'passport-strategy' {
  import type { Request } from 'express';

  export class Strategy {
    authenticate(req: Request, options?: object): void;
    success(user: unknown, info?: unknown): void;
    fail(challenge?: string, status?: number): void;
    redirect(url: string, status?: number): void;
    pass(): void;
    error(error: Error): void;
  }
}
