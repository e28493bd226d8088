import type { Request, Response } from 'express';
import { callIsolated } from '../base/call-isolated.js';
import type { PassportJweError } from '../base/errors.js';
import { warnOfFailure } from '../base/warn-of-failure.js';
import type { Exchange } from './request-state.js';

/**
 * Function of the application that is called for rejected requests.
 *
 * @inline
 */
export type OnRejected = (error: PassportJweError, req: Request, res: Response) => unknown;

/** Option of functions that reject requests. */
export interface RejectionHookOption {
  /**
   * Function to call for each rejected request, before the response. It can write a log entry, set response headers, or
   * send the response synchronously. Its errors and rejections become process warnings, and its result is ignored.
   *
   * @default undefined (no function)
   */
  readonly onRejected?: OnRejected;
}

/**
 * Create a function that calls `onRejected`. A failure of `onRejected` becomes a process warning.
 *
 * @throws TypeError if `onRejected` is not a function
 */
export function createRejectionHook(
  onRejected: OnRejected | undefined,
  where: string,
): (exchange: Exchange, error: PassportJweError) => void {
  if (onRejected === undefined) return () => {};
  if (typeof onRejected !== 'function')
    throw new TypeError(
      `${where}: onRejected must be a function, for example (error, req) => req.log.info(error)`,
    );
  const report = warnOfFailure('The function onRejected failed', 'PASSPORT_JWE_ON_REJECTED');
  return ({ req, res }, error) => {
    if (res !== undefined) callIsolated(() => onRejected(error, req, res), report);
  };
}
