import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeySet } from 'passport-jwe';
import { generateApiKey } from 'passport-jwe/api-keys';

/** Data directory, whose files the gateway generates on its first start. */
export interface DataDirectory {
  /** Returns the path of a JWK Set with one random root key. */
  keysFile(): Promise<string>;
  /** Returns the salt for `JWE_PASSPHRASE`. */
  salt(): Promise<string>;
  /** Returns the API key of the sample configuration. */
  demoApiKey(): Promise<string>;
  /** Returns the path of the embedded store. `openLmdbStores()` creates the directory. */
  storeDirectory(): Promise<string>;
}

/** Opens a data directory. A file is generated when it is first requested. */
export function openDataDirectory(path: string): DataDirectory {
  return {
    async keysFile() {
      await keep(path, 'keys.json', () => JSON.stringify(generateKeySet()));
      return join(path, 'keys.json');
    },
    salt: () => keep(path, 'salt', () => randomBytes(16).toString('base64url')),
    demoApiKey: () =>
      keep(path, 'demo-api-key', () => generateApiKey({ prefix: 'demo', environment: 'local' })),
    async storeDirectory() {
      await makePrivate(path);
      return join(path, 'store');
    },
  };
}

/**
 * Returns the content of a file, which is generated if it does not exist. The file is written under a temporary name,
 * and linked once it is on disk. If two processes start concurrently, both read the same file.
 */
async function keep(directory: string, name: string, generate: () => string): Promise<string> {
  await makePrivate(directory);
  const path = join(directory, name);
  const draft = join(directory, `.${name}.${process.pid}.${randomBytes(4).toString('hex')}`);
  if (!(await exists(path))) {
    await writeSynced(draft, generate());
    await link(draft, path).catch(ignoreExisting);
    await unlink(draft);
    await syncDirectory(directory);
  }
  return (await readFile(path, 'utf8')).trim();
}

/**
 * Creates a directory with mode 0700.
 *
 * @throws Error (as rejection) if other users can write to the directory, because they could replace the keys.
 */
async function makePrivate(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { mode } = await stat(directory);
  if ((mode & 0o022) !== 0)
    throw new Error(`Other users can write to ${directory}: run chmod 700 ${directory}`);
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

async function writeSynced(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${content}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
