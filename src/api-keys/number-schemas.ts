import * as v from 'valibot';

const numberFrom = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.transform(Number),
    v.check((value) => value >= min && value <= max, `must be from ${min} to ${max}`),
  );

/** Schema for an integer from `min` to `max`. All scalars outside `metadata` are strings. */
export const wholeNumber = (min: number, max: number) =>
  v.pipe(v.string('must be an integer'), v.regex(/^\d{1,12}$/, 'must be an integer'), numberFrom(min, max));

/** Schema for a number from `min` to `max` with up to six decimals. */
export const decimal = (min: number, max: number) =>
  v.pipe(
    v.string('must be a number'),
    v.regex(/^\d{1,4}(\.\d{1,6})?$/, 'must be a number'),
    numberFrom(min, max),
  );

/** Schema for a limit: an integer from 1 to 1 000 000 000. */
export const limit = wholeNumber(1, 1_000_000_000);
