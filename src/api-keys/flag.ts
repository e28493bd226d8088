import * as v from 'valibot';

/** Schema for `true` and `false`. Scalars of YAML files are strings. */
export const flag = v.pipe(
  v.string('must be true or false'),
  v.regex(/^(true|True|TRUE|false|False|FALSE)$/, 'must be true or false'),
  v.transform((value) => value.toLowerCase() === 'true'),
);
