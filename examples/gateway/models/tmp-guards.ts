import type { Request, RequestHandler } from 'express';
import { AccessDeniedError, verifiedToken } from 'passport-jwe';

export function requireModel(select: (req: Request) => unknown): RequestHandler {
  return (req, _res, next) => {
    const { type, claims } = verifiedToken(req);
    const name = select(req);
    if (type === 'tiered_model_exec' && !claims.allowed_models.includes(String(name)))
      throw new AccessDeniedError();
    next();
  };
}
export function requireFunctions(select: (req: Request) => readonly string[]): RequestHandler {
  return (req, _res, next) => {
    const { type, claims } = verifiedToken(req);
    const names = select(req);
    if (type === 'function_call' && !names.every((name) => claims.allowed_functions.includes(name)))
      throw new AccessDeniedError();
    next();
  };
}
