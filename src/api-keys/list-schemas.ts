import * as v from 'valibot';

/** Schema for a list without duplicates. */
export const list = (item: v.GenericSchema<string>) =>
  v.pipe(
    v.array(item, 'must be a list'),
    v.maxLength(256, 'must have at most 256 entries'),
    v.check(
      (items) => new Set(items).size === items.length,
      'must not contain duplicates: remove the repeated entry',
    ),
  );

/** Schema for a list with at least one entry. */
export const filledList = (item: v.GenericSchema<string>, message: string) =>
  v.pipe(list(item), v.minLength(1, message));
