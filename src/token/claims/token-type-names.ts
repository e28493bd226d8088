import type { ClaimsByType } from './claims-set.js';

/** Type of an accepted token. */
export type TokenType = keyof ClaimsByType;

/** Token types that this package issues. */
export type IssuedTokenType = Exclude<TokenType, 'foreign' | 'external'>;

/** Names of all token types. */
export const TOKEN_TYPES: Readonly<Record<TokenType, true>> = {
  user: true,
  tiered_model_exec: true,
  function_call: true,
  api_call: true,
  delegation: true,
  service: true,
  foreign: true,
  external: true,
};

/** The values of `IssuedTokenType`, the default first. */
export const ISSUED_TOKEN_TYPES = [
  ...(['user', 'service', 'tiered_model_exec', 'function_call', 'api_call', 'delegation'] as const),
] satisfies readonly IssuedTokenType[];

/** Whether this package issues tokens of a type. */
export function isIssuedTokenType(value: unknown): value is IssuedTokenType {
  return ISSUED_TOKEN_TYPES.some((type) => type === value);
}

export function isTokenType(value: unknown): value is TokenType {
  return typeof value === 'string' && Object.hasOwn(TOKEN_TYPES, value);
}

/** Token types that an API key can have. */
export const API_KEY_TYPES = ['tiered_model_exec', 'function_call', 'api_call'] as const;

/**
 * Token type of an API key.
 *
 * @useDeclaredType
 */
export type ApiKeyType = (typeof API_KEY_TYPES)[number];
