import { resolve } from 'node:path';
import type { KeyPurpose } from '../keys/content-key.js';
import { type ContentEncryption, KEY_LENGTHS } from '../keys/content-key.js';
import { deriveContentKey, type RootKey } from '../keys/derive-content-key.js';
import { describeVersions, type KeyState } from '../keys/key-versions.js';
import type { KeyMaterial } from '../keys/parse-jwk.js';
import { readKeySpec } from '../keys/read-key-spec.js';
import type { CommandIo } from './command-io.js';
import type { ReadingOptions } from './read-any-token.js';

/** A key that encrypts tokens, with the `kid` in their header. */
export interface TokenKey {
  readonly kid: string;
  readonly purpose: KeyPurpose;
  /** Absent for an underived key without an audience. */
  readonly audience?: string;
}

/** The version that `keys list` shows under a `kid`, or one key derived from a version. */
export interface FoundKid {
  /** `kid` of the version. */
  readonly version: string;
  readonly state: KeyState;
  readonly isVersion: boolean;
  /** Whether keys of several audiences are derived from the version. */
  readonly isRoot: boolean;
  /** The keys to revoke. */
  readonly keys: readonly TokenKey[];
}

/** Looks for a `kid` among the versions of a key file and the keys that are derived from them. */
export async function findKid(
  io: CommandIo,
  kid: string,
  options: ReadingOptions,
): Promise<FoundKid | undefined> {
  const materials = await readKeySpec({ file: resolve(io.directory, options.keys) });
  for (const [index, { kid: version, state }] of describeVersions(materials, io.clock()).entries()) {
    const material = materials[index];
    if (material === undefined) continue;
    const all = tokenKeysOf(material, options);
    const isVersion = version === kid;
    const keys = isVersion ? all : all.filter((key) => key.kid === kid);
    const isRoot = material.kind === 'root';
    if (isVersion || keys.length > 0) return { version, state, isVersion, isRoot, keys };
  }
  return undefined;
}

function tokenKeysOf(material: KeyMaterial, options: ReadingOptions): readonly TokenKey[] {
  if (material.kind === 'key') {
    const { kid, purpose, audience } = material.key;
    return [{ kid, purpose, ...(audience === undefined ? {} : { audience }) }];
  }
  const { audiences, issuer } = options;
  return [
    ...audiences.flatMap((audience) => deriveAll(material.root, 'access', audience, options)),
    ...(issuer === undefined ? [] : deriveAll(material.root, 'refresh', issuer, options)),
  ];
}

/** Only the services know which content encryption they use, so all are derived. */
function deriveAll(
  root: RootKey,
  purpose: KeyPurpose,
  audience: string,
  { environment }: ReadingOptions,
): readonly TokenKey[] {
  const encryptions = Object.keys(KEY_LENGTHS) as ContentEncryption[];
  return encryptions.map((enc) => {
    const { kid } = deriveContentKey(root, { environment, purpose, audience, enc });
    return { kid, purpose, audience };
  });
}
