import * as v from 'valibot';
import { headerValue } from './header-value.js';
import { mappingOf } from './mapping.js';

/** Characters of a header name, a token of RFC 9110 §5.6.2. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

/** Headers that describe the message or the connection (RFC 9110 §7.6.1, §8), which the HTTP client sets. */
const MESSAGE_HEADERS =
  /^(host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|accept|accept-encoding|content-.*|proxy-.*)$/i;

const name = v.pipe(v.string(), v.regex(HEADER_NAME));

/** Schema for the headers of requests to a model endpoint. All values are secrets. */
export const headerFields = v.pipe(
  mappingOf(name, headerValue, 'must be a mapping of header names to values'),
  v.check(
    (headers) => !Object.keys(headers).some((each) => MESSAGE_HEADERS.test(each)),
    'must not contain headers of the message or the connection, for example Content-Type and Host: remove them',
  ),
  v.check(
    (headers) =>
      new Set(Object.keys(headers).map((each) => each.toLowerCase())).size === Object.keys(headers).length,
    'must not contain a header twice: header names are case-insensitive',
  ),
);
