import * as v from 'valibot';
import { orMissing } from './or-missing.js';

/** Matches a valid calendar date (`full-date` in RFC 3339 §5.6), including leap days. */
const DAY =
  /(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8])))/;
const TIME = /(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)/;
const DATE_TIME = new RegExp(`^${DAY.source}T${TIME.source}$`);

const MESSAGE = 'must be a date and time with a time zone, for example 2030-12-31T23:59:59Z';

/** Schema that converts an RFC 3339 date-time with a time zone to a NumericDate. */
export const dateTime = v.pipe(
  v.string(orMissing(MESSAGE)),
  v.regex(DATE_TIME, MESSAGE),
  v.transform((value) => Date.parse(value) / 1000),
);
