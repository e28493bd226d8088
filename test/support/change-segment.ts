/** Flips one bit in the middle of a segment of a token. An empty segment gets 16 bytes instead. */
export function changeSegment(token: string, index: number): string {
  const segments = token.split('.');
  const bytes = Buffer.from(segments[index] ?? '', 'base64url');
  const middle = bytes.length >> 1;
  if (bytes.length > 0) bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  segments[index] = (bytes.length > 0 ? bytes : Buffer.alloc(16, 1)).toString('base64url');
  return segments.join('.');
}

/** Adds a member to the encoded header of a token, so that the header still is one. */
export function changeHeader(token: string, member: object = { x: 1 }): string {
  const [encoded = '', ...others] = token.split('.');
  const header = { ...JSON.parse(Buffer.from(encoded, 'base64url').toString()), ...member };
  return [Buffer.from(JSON.stringify(header)).toString('base64url'), ...others].join('.');
}
