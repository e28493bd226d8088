const KEY_RING = "write keyRing, for example keyRing: await createKeyRing({ current: { env: 'JWE_KEY' } })";
const REMOTE_KEYS = 'write verification, for example { [issuer]: remoteJwks({ url }) }';
const LOCATIONS = "write tokenLocations, for example { cookie: 'token' }. Default: the Authorization header";
const ALGORITHMS = 'remove it, because each key of keyRing has one algorithm';
const HANDLERS = 'remove it, because handlers read the token with verifiedToken(req)';
const MAX_AGE = 'write maxTokenAgeSeconds';
const SCOPE = 'write scope';
const OPTIONAL = 'write credentialsRequired';

/** Remedies for options of jsonwebtoken, passport-jwt, express-jwt, express-oauth2-jwt-bearer and jose. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['secret', KEY_RING],
  ['secretOrKey', KEY_RING],
  ['secretOrKeyProvider', `${KEY_RING}, or openKeyRing() for keys that change`],
  ['key', KEY_RING],
  ['jwksUri', REMOTE_KEYS],
  ['jwtFromRequest', LOCATIONS],
  ['getToken', LOCATIONS],
  ['algorithms', ALGORITHMS],
  ['tokenSigningAlg', ALGORITHMS],
  ['issuerBaseURL', 'write issuer, or trustedIssuers for tokens of another party'],
  ['issuers', 'write issuer'],
  ['audiences', 'write audience'],
  ['scopes', SCOPE],
  ['clockTolerance', 'write clockToleranceSeconds'],
  ['maxAge', MAX_AGE],
  ['maxTokenAge', MAX_AGE],
  ['isRevoked', 'write revocations, for example { isRevoked: (token) => blocked.has(token.claims.jti) }'],
  ['validators', 'write claimsSchema, or guard routes with requireClaims()'],
  ['requestProperty', HANDLERS],
  ['userProperty', HANDLERS],
  ['authRequired', OPTIONAL],
  ['ignoreExpiration', 'remove it, because expired tokens are always rejected'],
]);

/** Option that each of these remedies is about. Functions without the option list their options instead. */
const SUBJECTS: ReadonlyMap<string, string> = new Map([
  [LOCATIONS, 'tokenLocations'],
  [HANDLERS, 'tokenLocations'],
  [SCOPE, 'scope'],
  [OPTIONAL, 'credentialsRequired'],
]);

/**
 * Return the remedy for an option of another JWT library.
 *
 * @param known options of the function, for which the remedy must be possible
 */
export function remedyForOption(name: string, known: object): string | undefined {
  const remedy = REMEDIES.get(name);
  const subject = remedy === undefined ? undefined : SUBJECTS.get(remedy);
  return subject === undefined || Object.hasOwn(known, subject) ? remedy : undefined;
}
