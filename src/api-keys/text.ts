import * as v from 'valibot';
import { orMissing } from './or-missing.js';

/** Schema for a non-empty string. All scalars outside `metadata` are strings. No message quotes a value. */
export const text = (maxLength: number) =>
  v.pipe(
    v.string(orMissing('must be a string')),
    v.minLength(1, 'must not be empty'),
    v.maxLength(maxLength, `must have at most ${maxLength} characters`),
    v.regex(
      /^\P{Cc}+$/u,
      'must not contain control characters: remove line breaks, tabs and other invisible characters',
    ),
  );
