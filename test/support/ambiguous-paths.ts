import type { ReceivedRequest } from './echo-backend.js';

/** Paths that a proxy and a service can read differently: as a path below `/open/`, or below `/documents/`. */
export const AMBIGUOUS_PATHS: readonly string[] = [
  '/documents/..%2Fopen%2Fx',
  '/documents/7/../../open/',
  '/documents/7/..%2F..%2Fopen%2F',
  '/documents/7%3f/../../open/',
  '/documents//../open/',
  '/documents/..%5copen/x',
  '/open/..\\documents/7',
  '/open/..%5cdocuments/7',
  '/open/..%5c%2e%2e/documents/7',
  '/open/../documents/7',
  '/open/..%2fdocuments/7',
  '/open/%2e%2e/documents/7',
  '/open/..;/documents/7',
  '/open/%2e%2e;a/documents/7',
  '/open%2f..%2fdocuments%2f7',
];

/**
 * Return the paths that services read in a received request: unchanged, after URL parsing, after decoding, and without
 * the parameters of segments, as in Tomcat.
 */
export function pathsOf({ url }: ReceivedRequest): readonly string[] {
  const parse = (spelling: string) => new URL(spelling, 'http://localhost').pathname;
  const decoded = decodeURIComponent(url);
  return [url, parse(url), parse(decoded), parse(decoded.replaceAll(/;[^/]*/g, ''))];
}
