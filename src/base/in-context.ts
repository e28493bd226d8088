/**
 * Call a function, and prefix the message of a TypeError with its context.
 *
 * @param context function, option or location that the message is about, for example `createKeyRing: current`.
 * @throws TypeError with the prefixed message. Other errors are not changed.
 */
export function inContext<Result>(context: string, call: () => Result): Result {
  try {
    return call();
  } catch (failure) {
    throw addContext(context, failure);
  }
}

/** Await a promise, and prefix the message of a TypeError like `inContext()`. */
export async function awaitInContext<Result>(
  context: string,
  call: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (failure) {
    throw addContext(context, failure);
  }
}

function addContext(context: string, failure: unknown): unknown {
  return failure instanceof TypeError
    ? new TypeError(`${context}: ${failure.message}`, { cause: failure })
    : failure;
}
