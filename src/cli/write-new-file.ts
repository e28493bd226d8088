import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file that must not be there yet, on disk once it resolves.
 * @param mode of the file; 0o600 for secrets.
 * @throws Error where it is there already: nothing is ever overwritten.
 */
export async function writeNewFile(path: string, content: string, mode: 0o600 | 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'wx', mode).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'EEXIST' ? new Error(`${path} exists already; it is not overwritten`) : cause;
  });
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
