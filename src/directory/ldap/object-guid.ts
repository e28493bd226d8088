/** Number of octets of a GUID. */
const GUID_BYTES = 16;

/** Positions of the octets of a GUID in its text. The first three groups are little-endian (MS-DTYP §2.3.4). */
const ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

const GROUPS = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Format `objectGUID` as its UUID, in lower case. `undefined` if the octets are no GUID. */
export function formatObjectGuid(octets: Buffer): string | undefined {
  if (octets.length !== GUID_BYTES) return undefined;
  return reorder(octets).toString('hex').replace(GROUPS, '$1-$2-$3-$4-$5');
}

/** Parse a UUID into the octets of `objectGUID`. `undefined` if the text is no UUID. */
export function parseObjectGuid(uuid: string): Buffer | undefined {
  return UUID.test(uuid) ? reorder(Buffer.from(uuid.replaceAll('-', ''), 'hex')) : undefined;
}

/** Convert between both orders. The conversion is its inverse. */
function reorder(octets: Buffer): Buffer {
  return Buffer.from(ORDER.map((position) => octets[position] ?? 0));
}
