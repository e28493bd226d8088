import { resolve } from 'node:path';
import type { KeyPurpose } from '../keys/content-key.js';
import { CONTENT_ENCRYPTIONS } from '../keys/content-key.js';
import { deriveContentKey, type RootKey } from '../keys/derive-content-key.js';
import { describeVersions, type KeyState } from '../keys/key-versions.js';
import type { KeyMaterial } from '../keys/parse-jwk.js';
import { readKeySpec } from '../keys/read-key-spec.js';
import type { CommandIo } from './command-io.js';
import type { ReadingOptions } from './read-any-token.js';

/** Key that encrypts tokens. */
export interface TokenKey {
  /** `kid` in the header of the tokens. */
  readonly kid: string;
  readonly purpose: KeyPurpose;
  /** Audience of the tokens. Absent for an underived key without an audience. */
  readonly audience?: string;
}

/** Result of `findKid()`: a key version, or one key derived from it. */
export interface FoundKid {
  /** `kid` of the version. */
  readonly version: string;
  readonly state: KeyState;
  /** Whether the `kid` is a key version, not a derived key. */
  readonly isVersion: boolean;
  /** Whether the version is a root key, from which the keys of all audiences are derived. */
  readonly isRoot: boolean;
  /** The keys to revoke. */
  readonly keys: readonly TokenKey[];
}

/** Find a `kid` among the versions in a key file and the keys derived from them. */
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

/** Derive the keys of all content CONTENT_ENCRYPTIONS, because the key file does not say which of them a service uses. */
function deriveAll(
  root: RootKey,
  purpose: KeyPurpose,
  audience: string,
  { environment }: ReadingOptions,
): readonly TokenKey[] {
  return CONTENT_ENCRYPTIONS.map((enc) => {
    const { kid } = deriveContentKey(root, { environment, purpose, audience, enc });
    return { kid, purpose, audience };
  });
}
