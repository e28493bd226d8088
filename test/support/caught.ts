/** What a function throws. A function that throws nothing fails the test. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown');
}

/** What a promise rejects with. One that resolves fails the test. */
export function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('Nothing was rejected');
    },
    (error: unknown) => error,
  );
}
