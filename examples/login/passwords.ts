import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** A stored password. Its cost is stored too, so that it can be raised for new passwords. */
export interface PasswordHash {
  readonly salt: Buffer;
  readonly key: Buffer;
  readonly cost: { readonly N: number; readonly r: number; readonly p: number };
}

/** As the OWASP Password Storage Cheat Sheet recommends: 32 MiB for each check. */
const COST = { N: 2 ** 15, r: 8, p: 3 };

const KEY_BYTES = 32;

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16);
  return { salt, key: await derive(password, salt, COST), cost: COST };
}

/** Work of a check that can only fail. Without it, response times would reveal which users exist. */
const unknownUser = await hashPassword(randomBytes(16).toString('hex'));

/** @param hash `undefined` for an unknown user, which takes as long as a wrong password */
export async function isPassword(password: string, hash: PasswordHash | undefined): Promise<boolean> {
  const { salt, key, cost } = hash ?? unknownUser;
  const isEqual = timingSafeEqual(await derive(password, salt, cost), key);
  return isEqual && hash !== undefined;
}

function derive(password: string, salt: Buffer, cost: PasswordHash['cost']): Promise<Buffer> {
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.N * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
