// Publishes the version in package.json, or reports the missing steps. Without --publish, npm only simulates it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findPackFaults } from './find-pack-faults.js';
import { hasReleaseSection } from './has-release-section.js';
import type { Manifest } from './manifest.js';
import { repositoryOf } from './repository-of.js';

const { values: options } = parseArgs({
  options: {
    publish: { type: 'boolean', default: false },
    'skip-tests': { type: 'boolean', default: false },
  },
});

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const manifest: Manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));

function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: ROOT, stdio: 'inherit' });
}

function passes(script: string): boolean {
  try {
    run('npm', 'run', script);
    return true;
  } catch {
    return false;
  }
}

/** The requirement of each check, and the remedy if it fails. */
const CHECKS: ReadonlyArray<readonly [requirement: string, remedy: () => string | undefined]> = [
  [
    'The working tree is clean',
    () => (output('git', 'status', '--porcelain') === '' ? undefined : 'commit or stash all changes'),
  ],
  [
    'The remote "origin" is the repository in package.json',
    () => {
      const remotes = output('git', 'remote', '--verbose').split('\n');
      const [, origin = ''] = remotes.find((line) => line.startsWith('origin\t'))?.split(/\s+/) ?? [];
      return repositoryOf(origin) === repositoryOf(manifest.repository.url)
        ? undefined
        : 'set repository, homepage and bugs in package.json, and the owner in .github/CODEOWNERS';
    },
  ],
  [
    `The commit has the tag v${manifest.version}`,
    () => {
      const tags = output('git', 'tag', '--points-at', 'HEAD').split('\n');
      return tags.includes(`v${manifest.version}`) ? undefined : `run: git tag v${manifest.version}`;
    },
  ],
  [
    'CHANGELOG.md describes the version',
    () =>
      hasReleaseSection(readFileSync(`${ROOT}CHANGELOG.md`, 'utf8'), manifest.version)
        ? undefined
        : `add a section "## [${manifest.version}] - YYYY-MM-DD"`,
  ],
  ['All tests pass', () => (passes('test:all') ? undefined : 'fix what npm run test:all reports')],
  ['All checks pass', () => (passes('check') ? undefined : 'fix what npm run check reports')],
  [
    'The package contains only the built files and the documents',
    () => {
      const [packed] = JSON.parse(output('npm', 'pack', '--dry-run', '--json', '--ignore-scripts'));
      const paths = packed.files.map((file: { readonly path: string }) => file.path);
      return findPackFaults(manifest, paths).join('; ') || undefined;
    },
  ],
];

const checks = CHECKS.filter(([requirement]) => !(options['skip-tests'] && requirement === 'All tests pass'));
const results = checks.map(([requirement, remedy]) => ({ requirement, remedy: remedy() }));
const failed = results.filter(({ remedy }) => remedy !== undefined);

console.log(`\n${manifest.name} ${manifest.version}`);
for (const { requirement, remedy } of results) {
  console.log(remedy === undefined ? `  yes  ${requirement}` : `  NO   ${requirement}: ${remedy}`);
}

if (failed.length > 0) {
  console.error(`Not ready to publish: ${failed.length} of ${results.length} checks failed`);
  process.exitCode = 1;
} else if (options.publish) {
  run('npm', 'publish', '--provenance', '--access', 'public');
} else {
  run('npm', 'publish', '--access', 'public', '--dry-run');
  console.log('Ready to publish. Push the tag, or run: npm run release -- --publish');
}
