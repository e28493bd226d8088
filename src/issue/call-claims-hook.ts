import { PassportJweError } from '../base/errors.js';

/**
 * Call a `claims` hook of the application. Errors of this package pass. Any other error of the hook is a programming
 * error, even if it has a `status`.
 *
 * @param where function that takes the option `claims`, for the error message
 * @throws Error (as rejection) if the hook fails; `cause` is its error
 */
export async function callClaimsHook<Result>(
  where: string,
  hook: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await hook();
  } catch (cause) {
    throw cause instanceof PassportJweError
      ? cause
      : new Error(`${where}: the claims hook failed: see the cause of this error`, { cause });
  }
}
