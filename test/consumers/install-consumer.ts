import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Consumer, consumerIn, type PackedPackage } from './packed-package.js';

/** `--install-links` installs a folder as its tarball; `--prefer-offline` asks the registry once per machine. */
const INSTALL = 'install --install-links --prefer-offline --ignore-scripts --no-audit --no-fund'.split(' ');

/** An application whose packages npm has installed from the registry. */
export interface InstalledConsumer extends Consumer {
  readonly directory: string;
}

/**
 * Installs the packed package and packages of the registry by npm, which reads peer dependencies as it does for users.
 *
 * @param packages such as `['koa@3.0.0']`
 */
export async function installConsumer(
  packed: PackedPackage,
  packages: readonly string[],
): Promise<InstalledConsumer> {
  const directory = await mkdtemp(join(dirname(packed.directory), 'installed-'));
  await writeFile(join(directory, 'package.json'), '{ "private": true, "type": "module" }');
  const { PATH, HOME } = process.env;
  await promisify(execFile)('npm', [...INSTALL, packed.directory, ...packages], {
    cwd: directory,
    env: { PATH, HOME },
  });
  return { ...consumerIn(directory), directory };
}
