import * as v from 'valibot';
import { secret } from './secret.js';

/** Schema for a secret that a request sends in a header (RFC 9110 §5.5). HTTP clients reject all other characters. */
export const headerValue = v.pipe(
  secret(4096),
  v.regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/, 'must contain printable ASCII characters only'),
);
