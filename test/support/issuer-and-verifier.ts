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
  options: TokenIssuerOptions & TokenVerifierOptions,
): TokenIssuer & TokenVerifier {
  const { verify } = createTokenVerifier(options);
  const { issue } = createTokenIssuer(options);
  return { verify, issue };
}
