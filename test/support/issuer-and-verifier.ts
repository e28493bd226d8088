import {
  createTokenIssuer,
  createTokenVerifier,
  type TokenIssuer,
  type TokenIssuerOptions,
  type TokenVerifier,
  type TokenVerifierOptions,
} from 'passport-jwe';

/** Both halves under one set of options, for tests of what one issues and the other accepts. */
export function createIssuerAndVerifier(
  options: Omit<TokenIssuerOptions, 'audience'> & TokenVerifierOptions,
): TokenIssuer & TokenVerifier {
  const { audit, ...verifying } = options;
  const { keyRing, issuer, signing, maxTokenLifetimeSeconds, clock } = options;
  const { verify } = createTokenVerifier(verifying);
  const { issue } = createTokenIssuer({
    ...{ keyRing, issuer },
    ...(signing && { signing }),
    ...(maxTokenLifetimeSeconds && { maxTokenLifetimeSeconds }),
    ...(audit && { audit }),
    ...(clock && { clock }),
  });
  return { verify, issue };
}
