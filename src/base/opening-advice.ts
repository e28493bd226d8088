/** Advice for tokens that cannot be decrypted, or whose nested JWS is not accepted. */
export const OPENING_ADVICE = {
  too_long: {
    cause: 'The token has more than `maxTokenLength` characters (8192 by default).',
    fix: 'Issue fewer claims, for example with `metadata_claims`, or raise `maxTokenLength`. Node.js limits the headers of a request to 16 KiB in total.',
  },
  segment_count: {
    cause: 'The token does not have five segments. A signed JWT without encryption has three.',
    fix: 'Send the encrypted token. To accept signed JWTs of a trusted issuer for a limited time, set `signedOnly`.',
  },
  not_base64url: {
    cause:
      'A segment is not canonical base64url: it has padding, `+`, `/`, white space, or unused bits that are not zero.',
    fix: 'Send the token unchanged. Check whether a client or proxy re-encodes the token.',
  },
  header_too_long: {
    cause: 'The protected header has more than 1024 bytes.',
    fix: 'Correct the issuer: it must write fewer members to the protected header.',
  },
  header_not_json: {
    cause: 'The protected header is not a JSON object in UTF-8.',
    fix: 'Correct the issuer: it must encode the protected header as a JSON object in UTF-8.',
  },
  header_duplicate_member: {
    cause: 'The protected header repeats a member (RFC 7516 §4).',
    fix: 'Correct the issuer: it must write each member once.',
  },
  header_refused_member: {
    cause:
      'The protected header has a forbidden member: `zip`, `crit`, `jku`, `jwk`, `x5u`, `x5c`, `p2c`, `iss`, `sub` or `aud`.',
    fix: 'Issue tokens without compression, extensions, embedded keys and replicated claims.',
  },
  header_invalid_member: {
    cause:
      '`alg`, `enc` or `kid` is missing or not a string, or the header is nested too deeply. Or `epk`, `apu`, `apv`, `iv` or `tag` does not meet the requirements of the key.',
    fix: 'If another stack issues the tokens, configure `kid` there. To accept tokens without `kid`, set the option `legacy`.',
  },
  content_type: {
    cause:
      '`cty` has a value other than `JWT`, or the token contains a JWS but the option `verification` is missing.',
    fix: 'Set `verification` to the verification keys of the issuer.',
  },
  unknown_key: {
    cause:
      'The key ring has no key with this `kid`. The environment, audience or secret differs, or the key was retired.',
    fix: 'Check that issuer and resource server have the same secret, `environment` and audience, and that every instance uses the same key source.',
  },
  ambiguous_key: {
    cause:
      'The token has no `kid`, and several decryption keys of the trusted issuers match its `alg`, `enc` and curve. Or different keys of trusted issuers have the same `kid`.',
    fix: 'Ask the issuer to send a `kid`. During a rotation, set `kidlessRotation`, which tries the current and the previous private key.',
  },
  expired_key: {
    cause: '`notAfter` of the key or `legacy.until` has passed.',
    fix: 'Obtain a new token. If keys expire before their tokens, raise `maxTokenLifetimeSeconds` of `openKeyRing()`.',
  },
  algorithm: {
    cause:
      '`alg` or `enc` of the token differs from `alg` or `enc` of the key. Or the trusted issuer may not use these algorithms.',
    fix: 'Issue tokens with the `alg` and `enc` of the key. Give the key rings of issuer and resource server the same `enc`. For trusted issuers, list the algorithms in `keyManagementAlgorithms` and `contentEncryptionAlgorithms`.',
  },
  encryption_only: {
    cause: 'The key ring has only the public key of this key pair, so decryption is impossible.',
    fix: 'Give the resource server the private key.',
  },
  not_signed: {
    cause:
      'The token contains no JWS. Tokens under a public key, and tokens of trusted issuers with `verification`, must contain one.',
    fix: 'Issue the token with `signing`. Ask a trusted issuer to sign and then encrypt.',
  },
  not_encrypted: {
    cause:
      'The token is a signed JWT without encryption, and its issuer has no `signedOnly`, or `signedOnly.until` has passed.',
    fix: 'Turn on encryption at the issuer. Until then, set `signedOnly: { until }` for this issuer.',
  },
  unproven: {
    cause:
      'The required proof of issuance is missing or invalid. A holder of an exported key ring created the token, or an earlier release issued it.',
    fix: 'Obtain a new token from the token router.',
  },
  unprovable: {
    cause:
      'A proof of issuance is required, but tokens of this kind cannot have one. This applies to tokens under underived symmetric keys, `legacy` tokens and tokens of trusted issuers.',
    fix: 'Use a key ring with a root, or public keys with signatures.',
  },
  jws_malformed: {
    cause:
      'The nested JWS does not have three segments of canonical base64url, or the JWS header is invalid.',
    fix: 'Correct the issuer: it must write the JWS in compact serialization, with `alg` and `kid` in the header.',
  },
  jws_refused_member: {
    cause:
      'The header of the nested JWS has a forbidden member: `crit`, `b64`, `jku`, `jwk`, `x5*`, `zip` or `cty`.',
    fix: 'Issue the JWS without this member.',
  },
  jws_unknown_key: {
    cause:
      'No verification key of the issuer has the `kid` of the nested JWS. `remoteJwks()` and `discoverJwks()` ignore RSA keys without `alg`.',
    fix: 'Add the key to `verification`. Publish each new key before you sign with it. For RSA keys without `alg`, set `rsaAlgorithm`.',
  },
  jws_expired_key: {
    cause: '`notAfter` of the verification key has passed.',
    fix: 'Sign with a current key.',
  },
  jws_algorithm: {
    cause: '`alg` of the nested JWS differs from `alg` of the verification key.',
    fix: 'Set the same `alg` in the JWK and the token. For RSA keys without `alg`, `rsaAlgorithm` must be `alg` of the token.',
  },
  jws_signature: {
    cause: 'The signature of the nested JWS is invalid.',
    fix: 'Check that the verification keys belong to this issuer. Repeated failures indicate an attack.',
  },
  encrypted_key: {
    cause:
      'The encrypted key does not have the length that the algorithm requires. For `dir`, the encrypted key must be empty.',
    fix: 'Correct the issuer: it must write the encrypted key that RFC 7518 §4 specifies for this `alg`.',
  },
  iv_length: {
    cause: 'The initialization vector is not 96 bits long. python-jose 3.3 writes 128 bits.',
    fix: 'Issue tokens with a 96-bit initialization vector. To accept tokens of python-jose, set the option `legacy`.',
  },
  tag_length: {
    cause: 'The authentication tag is not 128 bits long, for example because the token was truncated.',
    fix: 'Send the token unchanged.',
  },
  decryption: {
    cause: 'The token was modified, or was encrypted under a different key with the same `kid`.',
    fix: 'If this affects all tokens, compare the secret, `environment` and audience of issuer and resource server.',
  },
};
