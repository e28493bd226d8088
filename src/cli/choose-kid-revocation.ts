import { assertKid } from '../keys/parse-jwk.js';
import type { CommandIo } from './command-io.js';
import { type FoundKid, findKid, type TokenKey } from './find-kid.js';
import { type Revocation, type RevokeOptions, resolveService, type Service } from './revocation-request.js';
import { UsageError } from './settings.js';

/**
 * Resolves a `kid` to every key derived from a version, or to one key.
 * @throws Error (as rejection) if the `kid` is unknown or encrypts new tokens.
 */
export async function chooseKidRevocation(
  io: CommandIo,
  kid: string,
  options: RevokeOptions,
): Promise<Revocation> {
  assertKid(kid);
  const service = await resolveService(io, options);
  const found = await findKid(io, kid, { ...options, ...service });
  if (found === undefined) return chooseUnknownKid(kid, options);
  assertNotEncrypting(found);
  if (found.isVersion && found.isRoot) assertKnown(service);
  const names = describeKeys(found.keys);
  return {
    targets: found.keys.map((key) => ({ kind: 'kid', kid: key.kid })),
    text: `Revoked: ${names.join(', ')} under version ${found.version}`,
    details: { version: found.version, keys: found.keys.map((key) => ({ ...key })) },
    notes: found.isRoot
      ? [`To retire the version for all other audiences: passport-jwe keys retire ${found.version}`]
      : [],
  };
}

function chooseUnknownKid(kid: string, { keys, force }: RevokeOptions): Revocation {
  if (force !== true) {
    throw new Error(
      `Nothing was revoked: no version in ${keys} has this kid, nor has any derived key of the known audiences. ` +
        'Pass --audience and --issuer of another service, or --force for a key that is no longer in the file',
    );
  }
  return {
    targets: [{ kind: 'kid', kid }],
    text: `Revoked: tokens whose header has the kid ${kid}`,
    details: {},
    notes: ['The kid matches no version in the key file, and no key derived from one.'],
  };
}

/** A revocation of a `kid` has no cut-off: it also rejects tokens that are encrypted later. */
function assertNotEncrypting({ state, version }: FoundKid): void {
  if (state === 'current') {
    throw new Error(
      `Nothing was revoked: version ${version} is current, and new tokens would be rejected too. Run "keys rotate", ` +
        'wait until "keys list" shows the new version as current, and run this again',
    );
  }
  if (state === 'pending') {
    throw new Error(
      `Nothing was revoked: version ${version} is pending and encrypts nothing yet. Run "keys retire ${version}"`,
    );
  }
}

/** @throws UsageError if the revocation would leave out keys derived from the version. */
function assertKnown({ audiences, issuer }: Service): void {
  if (audiences.length > 0 && issuer !== undefined) return;
  throw new UsageError(
    'Keys are derived per audience and for the issuer: pass --issuer, and --api-keys or --audience',
  );
}

/** Lists each audience once, although every content encryption has its own key. */
function describeKeys(keys: readonly TokenKey[]): readonly string[] {
  const names = keys.map(({ purpose, audience }) => {
    if (audience === undefined) return 'all tokens';
    return purpose === 'access' ? `access tokens for ${audience}` : `refresh tokens of ${audience}`;
  });
  return [...new Set(names)];
}
