import { InvalidTokenError } from '../base/errors.js';
import { type Revocable, revocationName } from '../revocation/revocable.js';
import { resolveClaimsPolicy } from '../token/claims/claims-policy.js';
import { validateClaimsSet } from '../token/claims/validate-claims-set.js';
import { chooseKidRevocation } from './choose-kid-revocation.js';
import type { CommandIo } from './command-io.js';
import { formatCell } from './print-result.js';
import { type AnyToken, describeOwner, ownerOf, readAnyToken } from './read-any-token.js';
import { type Revocation, type RevokeOptions, resolveService } from './revocation-request.js';
import { findApiKeys, readToken, UsageError } from './settings.js';

const NO_TARGET =
  'The target of the revocation is missing: pass a token as an argument or on standard input, or pass --client or --kid';

/**
 * Resolve the arguments of `token revoke` to revocation targets.
 *
 * @throws UsageError (as rejection) if the options name no target.
 * @throws Error (as rejection) if the target does not exist, or if the key still encrypts tokens.
 */
export async function chooseRevocation(
  io: CommandIo,
  argument: string | undefined,
  options: RevokeOptions,
): Promise<Revocation> {
  const { client, user, session, kid } = options;
  if (kid !== undefined) return chooseKidRevocation(io, kid, options);
  if (client !== undefined) return chooseClient(io, client, options);
  if (user ?? session)
    throw new UsageError('--user and --session require --client: pass the key_id of the API key');
  return chooseToken(io, await readToken(io, argument, NO_TARGET), options);
}

async function chooseClient(io: CommandIo, clientId: string, options: RevokeOptions): Promise<Revocation> {
  const { user, session, apiKeys: directory, force } = options;
  const apiKeys = await findApiKeys(io, directory);
  const isUnknown = apiKeys !== undefined && apiKeys.get(clientId) === undefined;
  if (isUnknown && force !== true) {
    throw new Error(
      `No API key in ${directory} has this key_id: correct --client, or pass --force for an API key that was removed`,
    );
  }
  const unchecked = `Files in ${directory} have errors, so the API key was not checked. Run "api-key check".`;
  return {
    targets: [targetOf(clientId, user, session)],
    text: `Revoked: ${revocationName(targetOf(clientId, user, session))
      .split('\u0000')
      .map(formatCell)
      .join(' ')}`,
    details: {},
    notes: apiKeys === undefined ? [unchecked] : [],
  };
}

function targetOf(clientId: string, user: string | undefined, session: string | undefined): Revocable {
  if (session !== undefined) {
    const subject = user === undefined ? {} : { subject: user };
    return { kind: 'session', clientId, sessionId: session, ...subject };
  }
  if (user !== undefined) return { kind: 'subject', clientId, subject: user };
  return { kind: 'api_key', clientId };
}

/**
 * Resolve a token to a revocation target: the token, or the session of a refresh token.
 *
 * @throws InvalidTokenError (as rejection) if the token has expired or is from a different issuer.
 */
async function chooseToken(io: CommandIo, token: string, options: RevokeOptions): Promise<Revocation> {
  const { issuer, audiences } = await resolveService(io, options);
  if (issuer === undefined)
    throw new UsageError(
      'The issuer of the token is missing: pass --issuer, and --audience for an access token, or set the variables ISSUER and AUDIENCE',
    );
  const opened = await readAnyToken(io, token, { ...options, issuer, audiences });
  const owner = ownerOf(opened);
  const notes = notesOn(opened);
  if (opened.kind === 'refresh') {
    const session = sessionOf(opened, issuer, io.clock());
    return {
      targets: [{ kind: 'session', ...session }],
      session,
      text: `Revoked: the refresh token and ${describeOwner(owner)}`,
      details: { ...owner },
      notes,
    };
  }
  if (audiences.length === 0)
    throw new UsageError(
      'The audience of the access token is missing: pass --audience, or set the variable AUDIENCE',
    );
  assertProven(opened);
  const { claims } = validateClaimsSet(
    opened,
    resolveClaimsPolicy({ issuer, audience: audiences }),
    io.clock(),
  );
  const { jti, exp: expiresAt, client_id: clientId } = claims;
  return {
    targets: [{ kind: 'token', jti, expiresAt, ...(clientId === undefined ? {} : { clientId }) }],
    text: `Revoked: token ${formatCell(jti)}, ${describeOwner(owner)}`,
    details: { ...owner },
    notes,
  };
}

/**
 * Assert that the issuer created the token. Otherwise, a forged token could revoke the tokens of any client.
 *
 * @throws Error if the token has no proof of issuance.
 */
function assertProven({ proof }: AnyToken): void {
  if (proof !== 'unproven') return;
  throw new Error(
    'The token has no proof of issuance: revoke by --client, --user, --session or --kid instead',
  );
}

function notesOn({ kind, proof, signedHeader }: AnyToken): readonly string[] {
  if (signedHeader !== undefined) return ['The signature of the token was not verified.'];
  if (kind === 'refresh' || proof !== 'unprovable') return [];
  return ['The token has no proof of issuance: a resource server with its key can create such tokens.'];
}

/**
 * Return the session of a refresh token.
 *
 * @throws InvalidTokenError if the token has expired, is from a different issuer or lacks a claim.
 */
function sessionOf({ claims }: AnyToken, issuer: string, now: number) {
  const { iss, exp, client_id: clientId, sub: subject, session_id: sessionId } = claims;
  if (iss !== issuer) throw new InvalidTokenError('wrong_issuer');
  if (typeof exp !== 'number' || exp <= now) throw new InvalidTokenError('expired');
  if (typeof clientId !== 'string' || typeof subject !== 'string' || typeof sessionId !== 'string') {
    throw new InvalidTokenError('claim_missing');
  }
  return { clientId, subject, sessionId };
}
