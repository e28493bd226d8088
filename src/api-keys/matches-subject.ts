/** Characters that separate the segments of a subject, such as `repo:acme/billing` or `spiffe://acme.example/billing`. */
const SEPARATOR = /([/:])/;

/**
 * Whether a subject matches an anchored pattern. The comparison is case-sensitive and by code unit, without
 * normalization. `*` matches one or more characters within a segment, and never `/` or `:`. It runs in linear time,
 * because a segment of a valid pattern has at most one `*`.
 *
 * @example
 * matchesSubject('repo:acme/billing:environment:*', 'repo:acme/billing:environment:staging'); // true
 */
export function matchesSubject(pattern: string, subject: string): boolean {
  const expected = pattern.split(SEPARATOR);
  const found = subject.split(SEPARATOR);
  return (
    expected.length === found.length &&
    expected.every((segment, index) => matchesSegment(segment, found[index] ?? ''))
  );
}

function matchesSegment(pattern: string, segment: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === segment;
  const prefix = pattern.slice(0, star);
  const suffix = pattern.slice(star + 1);
  return segment.length >= pattern.length && segment.startsWith(prefix) && segment.endsWith(suffix);
}

/** Whether every segment of a subject pattern has at most one `*`. */
export function isSubjectPattern(pattern: string): boolean {
  return pattern.split(SEPARATOR).every((segment) => segment.split('*').length <= 2);
}
