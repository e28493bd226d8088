/** Advice for authentic tokens whose claims, key binding or state is not accepted. */
export const CLAIMS_ADVICE = {
  claims_not_json: {
    cause: 'The decrypted content is not a JSON object in UTF-8.',
    fix: 'Correct the issuer: it must encode the claims as a JSON object in UTF-8.',
  },
  claims_too_deep: {
    cause: 'The claims are nested too deeply.',
    fix: 'Flatten custom claims and `metadata`.',
  },
  claim_missing: {
    cause: '`iss`, `aud`, `exp`, `iat`, `jti` or a claim in `requiredClaims` is missing.',
    fix: 'Issue tokens with this claim, or remove it from `requiredClaims`.',
  },
  claim_malformed: {
    cause:
      'A claim has the wrong type, for example a string as `exp`. Or the token lacks a claim that the token type requires.',
    fix: 'Correct the issuer: debug lines name the claim. Times must be NumericDates: seconds since 1970-01-01T00:00:00Z.',
  },
  scope_conflict: {
    cause: 'The token has `scope` and the claim in the option `scopeClaim`, but the two values differ.',
    fix: 'Issue tokens with only one of the two claims.',
  },
  expired: {
    cause: '`exp` has passed by more than `clockToleranceSeconds`.',
    fix: 'Obtain a new token. If new tokens expire immediately, synchronize the clocks.',
  },
  not_yet_valid: {
    cause: '`nbf` is in the future by more than `clockToleranceSeconds`.',
    fix: 'Synchronize the clocks, or raise `clockToleranceSeconds` (60 at most).',
  },
  issued_in_future: {
    cause:
      '`iat` is in the future by more than `clockToleranceSeconds`, so the clock of the issuer is ahead.',
    fix: 'Synchronize the clocks, or raise `clockToleranceSeconds` (60 at most).',
  },
  too_old: {
    cause:
      'The token is older than `maxTokenAgeSeconds`, or older than the maximum age in `requireMaxAge()`.',
    fix: 'Obtain a new token.',
  },
  lifetime_too_long: {
    cause: '`exp - iat` exceeds `maxTokenLifetimeSeconds` (86 400 by default).',
    fix: 'Issue tokens with a shorter lifetime, or set the same `maxTokenLifetimeSeconds` for the token router and every verifier.',
  },
  wrong_issuer: {
    cause:
      'Neither `issuer` nor `trustedIssuers` lists the `iss` of the token. Or the token is encrypted under the key of another issuer.',
    fix: 'Compare `iss` with both options character by character, including trailing slashes.',
  },
  wrong_audience: {
    cause:
      '`aud` contains none of the values of `audience`, or the key was derived for a different audience.',
    fix: 'Request the token for this audience, or correct `audience`. Compare both character by character, including trailing slashes.',
  },
  wrong_environment: {
    cause:
      'The token was issued in a different environment: the key was derived from the same secret for a different `environment`.',
    fix: 'Set the same `environment` for the key rings of issuer and resource server, or obtain a token in this environment.',
  },
  wrong_typ: {
    cause: '`typ` of the token is not in the option `typ` (`at+jwt` by default).',
    fix: 'To accept tokens of other issuers, set the option `typ` to their media types.',
  },
  refresh_token: {
    cause: 'The client sent a refresh token as an access token.',
    fix: 'Send `access_token` of the token response.',
  },
  id_token: {
    cause:
      'The token has the claim `nonce`, `at_hash` or `c_hash`, so it is an ID token. An ID token tells a client who signed in, and grants no access.',
    fix: 'Send the access token.',
  },
  replicated_claim: {
    cause: '`iss`, `sub` or `aud` in the protected header differs from the claim (RFC 7519 §5.3).',
    fix: 'Correct the issuer: it must copy these claims to the header without changes. Otherwise, the token was altered.',
  },
  unknown_type: {
    cause:
      'The claim `type` has a value that this release does not know, or a `legacy` token has the type `delegation`.',
    fix: 'Upgrade the resource server before the token router.',
  },
  key_bound: {
    cause:
      'The claim `cnf` binds the token to a key of the client (RFC 7800), and the request does not prove possession of that key. The request uses the scheme `Bearer`, or sends the token in a cookie or another location. Or the verifier has no option `dpop` or `mutualTls`, or `cnf` has an unknown member.',
    fix: 'Set `dpop` of the resource server. The client must send `Authorization: DPoP <token>` and a proof in the header `DPoP`. Verifiers without a request, for example `createTokenVerifier()`, reject all bound tokens.',
  },
  not_key_bound: {
    cause:
      'The request uses the scheme `DPoP`, but the token has no `cnf.jkt`. Or the request uses the scheme `Bearer`, and `dpop.mode` is `require`.',
    fix: 'Send a DPoP proof with the token request. The `token_type` of the response is then `DPoP`. If clients still have bearer tokens, set `mode: "allow"`.',
  },
  wrong_key: {
    cause:
      'The key of the DPoP proof is not the key of the token (`cnf.jkt`). The client has a new key, or the token was stolen.',
    fix: 'Sign the proof with the key that signed the proof of the token request. If the client has lost this key, request a new token.',
  },
  wrong_certificate: {
    cause:
      'The connection has no client certificate, or its certificate is not that of the token (`cnf.x5t#S256`). The client has a new certificate, the proxy does not forward the certificate, or the token was stolen.',
    fix: 'Use the certificate of the token request. If the certificate was renewed, request a new token. Behind a proxy, check that the proxy forwards the certificate.',
  },
  revoked: {
    cause:
      'The token or its session, subject, API key or `kid` was revoked. Revoking a token also revokes all tokens delegated from it. The verifier also rejects tokens that are older than the store or a folded revocation.',
    fix: 'Obtain a new token. If the verifier rejects all tokens after a restart, see What each store guarantees.',
  },
  key_inactive: {
    cause:
      'The API key of the token was removed or deactivated, or has expired. For a delegated token, this applies to every API key in the lineage.',
    fix: 'Activate the API key, or obtain a token with a different API key.',
  },
  custom_claims: {
    cause:
      '`claimsSchema` rejects the custom claims of the token. The schemas of issuer and verifier differ, or the schema changed after the token was issued. Tokens of API keys must match the schema too.',
    fix: 'Give the issuer and all verifiers the same schema. Make new claims optional until older tokens have expired.',
  },
  no_user: {
    cause: 'The verify function of `JweStrategy` found no user.',
    fix: 'Check the verify function and the `sub` of the token. Return a promise of the user, or pass the user to `done` as the second argument.',
  },
};
