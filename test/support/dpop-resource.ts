import { createServer, type RequestListener } from 'node:http';
import { createRequestVerifier, type JweStrategyOptions, type KeyRing, PassportJweError } from 'passport-jwe';
import request, { type Response } from 'supertest';
import type { DpopOptions } from '../../src/verify/dpop/dpop-options.js';
import { ADAPTERS } from './apps.js';
import { createProof, createProofSigner, type ProofOptions, type ProofSigner } from './dpop-proofs.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from './tokens.js';

export const RESOURCE = `${AUDIENCE}/resource`;

/** Keys and tokens of a client. */
export interface DpopParty {
  readonly keyRing: KeyRing;
  readonly signer: ProofSigner;
  /** Token that is bound to the key of the signer. */
  readonly bound: string;
  readonly unbound: string;
}

export async function createDpopParty(): Promise<DpopParty> {
  const keyRing = await createRing();
  const signer = createProofSigner();
  const bound = mintToken(keyRing, { claims: { cnf: { jkt: signer.jkt } } });
  return { keyRing, signer, bound, unbound: mintToken(keyRing) };
}

/** Options of an API that accepts DPoP. */
export function acceptDpop(
  keyRing: KeyRing,
  dpop: Partial<DpopOptions> = {},
): Omit<JweStrategyOptions, 'name'> {
  const options = { mode: 'allow', baseUrl: AUDIENCE, ...dpop } as const;
  return { keyRing, issuer: ISSUER, audience: AUDIENCE, clock, dpop: options };
}

/** A server without Express, which answers as the documentation of `createRequestVerifier()` says. */
function createPlainServer({
  onRejected,
  unless,
  preflight,
  ...options
}: JweStrategyOptions): RequestListener {
  const verify = createRequestVerifier({ ...options, tokenLocations: { authorization: true } });
  return (req, res) => {
    verify(req).then(
      ({ claims }) => res.end(JSON.stringify({ sub: claims.sub })),
      (error: unknown) => {
        const { status, headers } = error instanceof PassportJweError ? error : { status: 500, headers: {} };
        res.writeHead(status, headers).end();
      },
    );
  };
}

/** Every way of protecting `/resource`. */
export const DPOP_SERVERS: readonly {
  readonly name: string;
  readonly createApp: (options: JweStrategyOptions) => RequestListener;
}[] = [
  ...ADAPTERS.map(({ name, createApp }) => ({
    name,
    createApp: (options: JweStrategyOptions) => createApp(options),
  })),
  { name: 'createRequestVerifier()', createApp: createPlainServer },
];

/** Request to `/resource`, with defaults for everything that a test does not name. */
export interface DpopCall extends ProofOptions {
  readonly scheme?: string;
  /** Access token to send, if it differs from that in `ath`. */
  readonly sent?: string;
  /** Complete value of the header `DPoP`. `undefined`: a proof by the other members. */
  readonly proof?: string;
}

/** Send a request with a token and a proof. */
export async function callResource(
  app: RequestListener,
  { signer, bound }: Pick<DpopParty, 'signer' | 'bound'>,
  { scheme = 'DPoP', sent, proof, ...options }: DpopCall = {},
): Promise<Response> {
  const token = options.token ?? sent ?? bound;
  const shown = proof ?? createProof(signer, { url: RESOURCE, ...options, token });
  return request(createServer(app))
    .get('/resource')
    .set('Authorization', `${scheme} ${sent ?? token}`)
    .set({ DPoP: shown });
}
