import * as v from 'valibot';
import { isPlaceholder } from './placeholder.js';
import { text } from './text.js';

/** Schema for a secret. Reject unresolved placeholders, because every reader of the file knows them. */
export const secret = (maxLength: number) =>
  v.pipe(
    text(maxLength),
    v.check(
      (value) => !isPlaceholder(value),
      'is a placeholder, not a key: use ${VARIABLE} or the key itself',
    ),
  );
