import { assertKid } from '../keys/parse-jwk.js';
import type { CommandIo } from './command-io.js';
import { type FoundKid, findKid, type TokenKey } from './find-kid.js';
import { type Revocation, type RevokeOptions, resolveService, type Service } from './revocation-request.js';
import { UsageError } from './settings.js';

/**
 * Resolve the `--kid` option of `token revoke` to revocation targets. The `kid` of a key version stands for all keys
 * derived from the version. The `kid` of a token header stands for one key.
 *
 * @throws Error (as rejection) if the `kid` is unknown, or if its key encrypts new tokens or will do so.
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
      `Nothing was revoked: no version in ${keys} and no key derived for the known audiences has this kid. ` +
        'Pass the --audience and --issuer of the tokens, or --force for a key that was removed from the file',
    );
  }
  return {
    targets: [{ kind: 'kid', kid }],
    text: `Revoked: tokens whose header has the kid ${kid}`,
    details: {},
    notes: ['The kid matches neither a version in the key file nor a key derived from a version.'],
  };
}

/**
 * Assert that a version is neither current nor pending. The revocation of a `kid` has no cut-off, so it would also apply to
 * tokens that are encrypted later.
 *
 * @throws Error if the version is current or pending.
 */
function assertNotEncrypting({ state, version }: FoundKid): void {
  if (state === 'current') {
    throw new Error(
      `Nothing was revoked: version ${version} is current, so new tokens would be rejected too. Run "keys rotate", ` +
        'wait until "keys list" shows the new version as current, then run this command again',
    );
  }
  if (state === 'pending') {
    throw new Error(
      `Nothing was revoked: version ${version} is pending and encrypts nothing yet. Run "keys retire ${version}"`,
    );
  }
}

/**
 * Assert that the issuer and at least one audience are known, so that the revocation omits no derived key.
 *
 * @throws UsageError if the issuer or the audiences are missing.
 */
function assertKnown({ audiences, issuer }: Service): void {
  if (audiences.length > 0 && issuer !== undefined) return;
  throw new UsageError(
    'Keys are derived for each audience and for the issuer: pass --issuer, and --api-keys or --audience, or set the variables ISSUER and AUDIENCE',
  );
}

/** Describe the tokens under the keys. List each audience once, although each content encryption has a key. */
function describeKeys(keys: readonly TokenKey[]): readonly string[] {
  const names = keys.map(({ purpose, audience }) => {
    if (audience === undefined) return 'all tokens';
    return purpose === 'access' ? `access tokens for ${audience}` : `refresh tokens of ${audience}`;
  });
  return [...new Set(names)];
}
