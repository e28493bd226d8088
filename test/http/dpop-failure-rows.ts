import { expect } from '@jest/globals';
import type { JweStrategyOptions } from 'passport-jwe';
import { createProof, createProofSigner, type ProofOptions } from '../support/dpop-proofs.js';
import { AUDIENCE } from '../support/tokens.js';
import { bare, bearer, malformed, NOT_VALID, REALM, type Row, refused } from './failure-row.js';

const DPOP = 'DPoP realm="api"';
const DPOP_ALGORITHMS = 'algs="ES256 EdDSA Ed25519 PS256 RS256 ES384 ES512"';

/** Key and other key of DPoP clients. */
const [signer, otherSigner] = [createProofSigner(), createProofSigner()];
const bound = { claims: { cnf: { jkt: signer.jkt } } };

/** Options of an API that accepts DPoP. */
function acceptDpop(
  changed: Partial<NonNullable<JweStrategyOptions['dpop']>> = {},
): Partial<JweStrategyOptions> {
  return { dpop: { mode: 'allow', baseUrl: AUDIENCE, ...changed } };
}

/** Header lines of a request with a proof. */
function proven(options: ProofOptions = {}, by = signer): (token: string) => readonly string[] {
  return (token) => [
    `Authorization: DPoP ${token}`,
    `DPoP: ${createProof(by, { method: 'POST', url: `${AUDIENCE}/resource`, token, ...options })}`,
  ];
}

/** Challenge to a rejected proof. */
function proofChallenge(fault: string, error = 'invalid_dpop_proof'): string {
  return `${DPOP}, error="${error}", error_description="${fault}", ${DPOP_ALGORITHMS}`;
}

/** A replay store that gives one answer. */
function replaysOf(
  use: () => 'first' | 'repeated' | 'over_quota' | Promise<never>,
): Partial<JweStrategyOptions> {
  return acceptDpop({ replay: { stores: { replays: { use } }, maxProofsPerKey: 10 } });
}

const refusedProof = { options: acceptDpop(), mint: bound, status: 401, error: 'invalid_dpop_proof' };
/** Failures of requests with the scheme `DPoP`. */
export const DPOP_ROWS: readonly Row[] = [
  {
    failure: 'a missing DPoP proof',
    ...refusedProof,
    lines: (token) => [`Authorization: DPoP ${token}`],
    challenge: proofChallenge('The DPoP proof is not valid: the request has none'),
  },
  {
    failure: 'two DPoP proofs',
    ...refusedProof,
    lines: (token) => [...proven()(token), ...proven()(token).slice(1)],
    challenge: proofChallenge('The DPoP proof is not valid: the request has several'),
  },
  {
    failure: 'a DPoP proof for another method',
    ...refusedProof,
    lines: proven({ method: 'GET' }),
    challenge: proofChallenge('The DPoP proof is not valid: htm differs from the method of the request'),
  },
  {
    failure: 'a DPoP proof with a wrong signature',
    ...refusedProof,
    lines: proven({}, { ...signer, privateKey: otherSigner.privateKey }),
    challenge: proofChallenge('The DPoP proof is not valid: the signature is not valid'),
  },
  {
    failure: 'a DPoP proof that was used before',
    ...refusedProof,
    options: replaysOf(() => 'repeated'),
    lines: proven(),
    challenge: proofChallenge('The DPoP proof is not valid: it was used before'),
  },
  {
    failure: 'a DPoP proof without nonce',
    ...refusedProof,
    options: acceptDpop({ nonce: true }),
    lines: proven(),
    error: 'use_dpop_nonce',
    challenge: proofChallenge('The DPoP proof requires the nonce of this response', 'use_dpop_nonce'),
    headers: { 'dpop-nonce': expect.stringMatching(/^[\w-]{30}$/) },
  },
  {
    failure: 'a DPoP proof with the key of another client',
    ...{ options: acceptDpop(), mint: bound, lines: proven({}, otherSigner), ...refused },
    challenge: proofChallenge('The access token is not valid', 'invalid_token'),
  },
  {
    failure: 'a token with cnf under the scheme Bearer',
    ...{ options: acceptDpop(), mint: bound, ...refused },
    challenge: `${NOT_VALID}, ${DPOP}, ${DPOP_ALGORITHMS}`,
  },
  {
    failure: 'a token without cnf under the scheme DPoP',
    ...{ options: acceptDpop(), lines: proven(), ...refused },
    challenge: proofChallenge('The access token is not valid', 'invalid_token'),
  },
  {
    failure: 'a bearer token where DPoP is required',
    ...{ options: acceptDpop({ mode: 'require' }), ...refused },
    challenge: proofChallenge('The access token is not valid', 'invalid_token'),
  },
  {
    failure: 'no credentials where DPoP is accepted',
    ...{ options: acceptDpop(), lines: () => [], ...bare },
    challenge: `${REALM}, ${DPOP}, ${DPOP_ALGORITHMS}`,
  },
  {
    failure: 'the scheme DPoP where DPoP is not accepted',
    ...{ mint: bound, lines: proven(), ...bare },
  },
  {
    failure: 'both schemes at once',
    ...{ options: acceptDpop(), mint: bound, ...malformed },
    lines: (token) => [...bearer(token), ...proven()(token)],
    challenge: /^DPoP realm="api", error="invalid_request", error_description="[^"]+", algs="[^"]+"$/,
  },
  {
    failure: 'a DPoP key that has reached the quota of proofs',
    ...{ options: replaysOf(() => 'over_quota'), mint: bound, lines: proven() },
    ...{ status: 429, challenge: undefined, error: 'rate_limit_exceeded' },
    headers: {
      'retry-after': '65',
      ratelimit: '"dpop_proofs";r=0;t=65',
      'ratelimit-policy': '"dpop_proofs";q=10;w=65',
    },
    problem: {
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'This API key has reached a limit',
      status: 429,
      'violated-policies': ['dpop_proofs'],
    },
  },
  {
    failure: 'an unavailable replay store',
    ...{ options: replaysOf(() => Promise.reject(new Error('unreachable'))), mint: bound, lines: proven() },
    ...{
      status: 503,
      challenge: undefined,
      error: 'temporarily_unavailable',
      headers: { 'retry-after': '1' },
    },
  },
];
