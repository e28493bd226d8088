import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiKeyRegistry, loadApiKeys } from 'passport-jwe';

/** Loads API keys from real files, by name, in a directory that is gone afterwards. */
export async function loadFiles(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<ApiKeyRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-'));
  try {
    await Promise.all(
      Object.entries(files).map(([name, content]) => writeFile(join(directory, name), content)),
    );
    return await loadApiKeys({ directory, environment });
  } finally {
    await rm(directory, { recursive: true });
  }
}
