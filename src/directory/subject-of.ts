import { hash } from 'node:crypto';

/** Maximum length of a subject in characters: that of a user whom a client asserts. */
const MAX_LENGTH = 128;

/** Start of a digest. An ID that starts with it is digested too, so no two IDs have the same subject. */
const DIGEST = 'sha-256.';

const PRINTABLE = /^[\x21-\x7e]+$/;

/**
 * Return the subject of a user: `<source>:<ID>`. A long ID, or one that is not printable ASCII, is replaced with its digest:
 * `<source>:sha-256.<digest>`. It never equals a `key_id`, which has no colon.
 *
 * @param source name of the directory or the identity provider
 * @param id immutable ID of the user, unique within the source
 */
export function subjectOf(source: string, id: string): string {
  const subject = `${source}:${id}`;
  const isPlain = subject.length <= MAX_LENGTH && PRINTABLE.test(id) && !id.startsWith(DIGEST);
  return isPlain ? subject : `${source}:${DIGEST}${hash('sha256', id, 'base64url')}`;
}
