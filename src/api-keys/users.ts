import * as v from 'valibot';
import { isJsonObject } from '../base/json.js';
import { DIRECTORY_NAME, isDirectoryName } from '../directory/is-directory-name.js';
import { flag } from './flag.js';
import { mapping } from './mapping.js';
import { text } from './text.js';

const EXPECTED = 'must be true, false, or a mapping of directory, for example { directory: corp }';

const fields = {
  directory: v.pipe(
    text(32),
    v.check((name) => isDirectoryName(name), DIRECTORY_NAME),
  ),
};
const directoryUsers = mapping(fields, EXPECTED);
const assertedUsers = v.pipe(
  v.custom<string>((input) => v.is(flag, input), EXPECTED),
  flag,
);

/** Schema for the field `users`: whether clients assert users, or the directory that verifies them. Default: `false`. */
export const users = v.optional(
  v.pipe(
    v.lazy((input) => (isJsonObject(input) ? directoryUsers : assertedUsers)),
    v.metadata({ fields }),
  ),
  'false',
);
