/**
 * ID that no person has (RFC 9562 §5.9). A lookup of it tells whether a directory answers, independently of the entries of
 * people.
 */
export const PROBE_ID = '00000000-0000-0000-0000-000000000000';
