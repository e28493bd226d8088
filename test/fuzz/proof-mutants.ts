import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { createDpopNonces } from '../../src/verify/dpop/dpop-nonces.js';
import { createProof, createProofSigner, type ProofSigner, signProof } from '../support/dpop-proofs.js';
import { createRandom } from '../support/random.js';
import { AUDIENCE, mintToken, NOW } from '../support/tokens.js';
import type { HeaderField, Mutant, MutantSource } from './mutants.js';
import { breakClaims, breakHeader, type Random, respell } from './proof-mutations.js';
import { below, pickOne, TEXT_MUTATIONS } from './text-mutations.js';

/** A client, and its token. */
interface Client {
  readonly signer: ProofSigner;
  readonly token: string;
}

/** A request that would be accepted, and a different client. */
interface Material {
  readonly client: Client;
  readonly other: Client;
  readonly unbound: string;
  readonly proof: string;
  /** A proof that was accepted, and the token of its request. */
  readonly used: { readonly token: string; readonly proof: string } | undefined;
  readonly prove: (client: Client, claims?: object) => string;
}

type ProofMutation = (material: Material, random: Random) => readonly HeaderField[];

const POOL_SIZE = 16;

const dpop = (token: string, proof: string): readonly HeaderField[] => [
  ['Authorization', `DPoP ${token}`],
  ['DPoP', proof],
];

/** Change the proof only. */
const changeProof =
  (change: (proof: string, material: Material, random: Random) => string): ProofMutation =>
  (material, random) =>
    dpop(material.client.token, change(material.proof, material, random));

/** Change a segment of the proof, and sign the result with the proper key. */
const resign = (index: 0 | 1, change: (segment: string, random: Random) => string): ProofMutation =>
  changeProof((proof, { client }, random) => {
    const segments = proof.split('.').slice(0, 2);
    segments[index] = change(segments[index] ?? '', random);
    return signProof(client.signer, segments.join('.'));
  });

const asText = (change: (text: string, random: Random) => string) => (segment: string, random: Random) =>
  Buffer.from(change(Buffer.from(segment, 'base64url').toString(), random)).toString('base64url');

const MUTATIONS: Readonly<Record<string, ProofMutation>> = {
  ...Object.fromEntries(
    Object.entries(TEXT_MUTATIONS).map(([name, change]) => [
      name,
      changeProof((proof, { other, prove }, random) => change(proof, prove(other), random)),
    ]),
  ),
  'a header with a proper signature': resign(0, asText(breakHeader)),
  'claims with a proper signature': resign(1, asText(breakClaims)),
  'a header in another spelling with a proper signature': resign(0, respell),
  'claims in another spelling with a proper signature': resign(1, respell),
  'bytes of the header with a proper signature': resign(0, asText(breakBytes)),
  'a long proof': changeProof((proof) => proof + 'A'.repeat(4096)),
  'a signature by another key': changeProof((proof, { other }) =>
    signProof(other.signer, proof.slice(0, proof.lastIndexOf('.'))),
  ),
  'a signature of another proof': changeProof((proof, { client, prove }) => {
    const [signature] = prove(client).split('.').slice(2);
    return `${proof.slice(0, proof.lastIndexOf('.'))}.${signature}`;
  }),
  'a proof of another client': ({ client, other, prove }) => dpop(client.token, prove(other)),
  'a token of another client': ({ other, proof }) => dpop(other.token, proof),
  'a proof for another token': ({ client, other, prove }) => {
    const { token } = other;
    return dpop(client.token, prove({ ...client, token }));
  },
  'a token without cnf': ({ client, unbound, prove }) => dpop(unbound, prove({ ...client, token: unbound })),
  'a proof that was used': ({ client, used }) =>
    used === undefined ? dpop(client.token, '') : dpop(used.token, used.proof),
  'a proof as token': ({ proof }) => dpop(proof, proof),
  'a token as proof': ({ client }) => dpop(client.token, client.token),
  'the scheme Bearer': ({ client, proof }) => [
    ['Authorization', `Bearer ${client.token}`],
    ['DPoP', proof],
  ],
  'both schemes': ({ client, proof }, random) => {
    const [one, two] = random() < 0.5 ? ['DPoP', 'Bearer'] : ['Bearer', 'DPoP'];
    const joined: HeaderField = ['Authorization', `${one} ${client.token}, ${two} ${client.token}`];
    const separate = [one, two].map((scheme): HeaderField => ['Authorization', `${scheme} ${client.token}`]);
    return [...(random() < 0.5 ? [joined] : separate), ['DPoP', proof]];
  },
  'several proofs': ({ client, proof, prove }, random) => {
    const second = pickOne([proof, prove(client), 'abc'], random);
    const fields = dpop(client.token, proof);
    if (random() < 0.5)
      return dpop(client.token, `${proof}${pickOne([', ', ',', ' ', ';'], random)}${second}`);
    return [...fields, [pickOne(['DPoP', 'dpop', 'DPOP'], random), second]];
  },
  'no proof': ({ client }, random) => dpop(client.token, '').slice(0, random() < 0.5 ? 1 : 2),
  'no token': ({ client, proof }, random) => [
    [
      'Authorization',
      pickOne(['DPoP', 'DPoP,', `DPoP\t${client.token}`, `DPoP${client.token}`, client.token], random),
    ],
    ['DPoP', proof],
  ],
  'a changed token': ({ client, other, proof }, random) => {
    const [, change = (token: string) => token] = pickOne(Object.entries(TEXT_MUTATIONS), random);
    const token = change(client.token, other.token, random);
    return dpop(token.trim() === client.token ? `${token}A` : token, proof);
  },
};

/** Change requests with proofs in every way that leaves none valid; the same ways for the same seed. */
export function createProofMutants(keyRing: KeyRing, seed: number): MutantSource {
  const random = createRandom(seed);
  const nonce = createDpopNonces(() => internalsOf(keyRing).nonceKeys(), AUDIENCE).current(NOW);
  const pool = Array.from({ length: POOL_SIZE }, (_, index): Client => {
    const signer = createProofSigner(index % 4 === 3 ? 'EdDSA' : 'ES256');
    const claims = { jti: `pool-${index}`, cnf: { jkt: signer.jkt } };
    return { signer, token: mintToken(keyRing, { claims }) };
  });
  const unbound = mintToken(keyRing);
  let used: Material['used'];

  const prove: Material['prove'] = ({ signer, token }, claims = {}) =>
    createProof(signer, { url: `${AUDIENCE}/resource`, token, claims: { nonce, ...claims } });
  const next = (): Mutant => {
    const at = below(POOL_SIZE, random);
    const [client, other] = [pool[at], pool[(at + 1 + below(POOL_SIZE - 1, random)) % POOL_SIZE]];
    if (client === undefined || other === undefined) throw new Error('The pool is empty');
    const proof = prove(client);
    const [mutation, mutate] = pickOne(Object.entries(MUTATIONS), random);
    const fields = mutate({ client, other, unbound, proof, used, prove }, random);
    const isUnchanged = fields.length === 2 && fields[1]?.[1].trim() === proof && mutation in TEXT_MUTATIONS;
    return isUnchanged ? next() : { mutation, fields };
  };
  const proper = (): readonly HeaderField[] => {
    const client = pickOne(pool, random);
    const proof = prove(client);
    used = { token: client.token, proof };
    return dpop(client.token, proof);
  };
  return { next, proper };
}

/** Change bytes of a header until it is a different text. */
function breakBytes(text: string, random: Random): string {
  const bytes = Buffer.from(text);
  const at = below(bytes.length, random);
  bytes[at] = ((bytes[at] ?? 0) + 1 + below(254, random)) % 256;
  return bytes.toString('latin1');
}
