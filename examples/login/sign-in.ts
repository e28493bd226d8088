import type { ErrorRequestHandler, Request } from 'express';
import { createFailedSignIns } from './failed-sign-ins.js';
import { isPassword } from './passwords.js';
import { findByName, type User } from './users.js';

/** The sign-in is rejected. Unknown users and wrong passwords get the same response. */
class SignInError extends Error {
  constructor(
    readonly status: 400 | 403 | 429,
    readonly code: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(code);
  }
}

/** Longer values are no names or passwords. Hashing them would only cost time. */
const MAX_LENGTH = 256;

const failedSignIns = createFailedSignIns();

/** Check the name and the password in the body of a request. */
export async function signIn(req: Request): Promise<User> {
  const { name, password } = readCredentials(req.body);
  const address = req.ip ?? '';
  const waitSeconds = failedSignIns.count(name, address);
  if (waitSeconds !== undefined) {
    throw new SignInError(429, 'too_many_attempts', { 'Retry-After': String(waitSeconds) });
  }
  const user = findByName(name);
  const isCorrect = await isPassword(password, user?.passwordHash);
  // 401 would need a challenge (RFC 9110 §15.5.2), and a password has no authentication scheme here.
  if (user === undefined || user.isLocked || !isCorrect) throw new SignInError(403, 'wrong_name_or_password');
  failedSignIns.clear(name, address);
  return user;
}

/** Error handler for rejected sign-ins. */
export const signInErrors: ErrorRequestHandler = (error, _req, res, next) => {
  if (!(error instanceof SignInError)) return next(error);
  res.status(error.status).set(error.headers).json({ error: error.code });
};

function readCredentials(body: unknown): { readonly name: string; readonly password: string } {
  const { name, password }: { name?: unknown; password?: unknown } = Object(body);
  if (isShortText(name) && isShortText(password)) return { name, password };
  throw new SignInError(400, 'name_and_password_required');
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH;
}
