import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

/** Maximum size of the package and its dependencies on disk. */
export const MAX_SIZE = { name: '12 MB', value: 12 };

const KB_PER_MB = 1024;

/**
 * Installs the packed tarball with its dependencies, without peers, and measures their size on disk.
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createSizeScenario() {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-size-'));
  try {
    const value = await installedSize(directory);
    return {
      name: 'size',
      subjects: [],
      facts: [
        { subject: 'passport-jwe, installed', unit: 'MB', value },
        { subject: MAX_SIZE.name, unit: 'MB', value: MAX_SIZE.value },
      ],
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** @param {string} directory an empty one */
async function installedSize(directory) {
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  const { stdout: packed } = await run('npm', pack, { cwd: PACKAGE });
  const [{ filename }] = JSON.parse(packed);
  await writeFile(join(directory, 'package.json'), '{ "private": true }');
  const install = ['install', '--omit=peer', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', [...install, join(directory, filename)], { cwd: directory });
  const { stdout: used } = await run('du', ['-sk', 'node_modules'], { cwd: directory });
  return Number.parseInt(used, 10) / KB_PER_MB;
}
