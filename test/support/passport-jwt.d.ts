/** The part of passport-jwt, which has no types, that tests use. */
declare module 'passport-jwt' {
  import type { Request } from 'express';
  import { Strategy as PassportStrategy } from 'passport';

  type Extractor = (req: Request) => string | null;

  export const ExtractJwt: { fromAuthHeaderAsBearerToken(): Extractor };

  export class Strategy extends PassportStrategy {
    constructor(
      options: { issuer: string; audience: string; jwtFromRequest: Extractor; secretOrKey: string },
      verify: (payload: object, done: (error: Error | null, user: object) => void) => void,
    );
  }
}
