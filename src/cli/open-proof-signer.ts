import { resolve } from 'node:path';
import { createProofSigner, type ProofSigner } from '../client/proof-signer.js';
import { createSigningKey } from '../keys/create-signing-key.js';
import type { CommandIo } from './command-io.js';

/**
 * Read the file in `--dpop-key`. Return `undefined` without the option: the token is then a bearer token.
 *
 * @throws Error (as rejection) if the file cannot be read, or other users can read or write it.
 */
export async function openProofSigner(
  io: CommandIo,
  file: string | undefined,
): Promise<ProofSigner | undefined> {
  if (file === undefined) return undefined;
  return createProofSigner(await createSigningKey({ file: resolve(io.directory, file) }), io.clock);
}
