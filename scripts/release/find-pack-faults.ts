import type { ExportTargets, Manifest } from './manifest.js';

const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'LICENSE', 'package.json'];

/** What a tarball with these files lacks, and what it should not hold. */
export function findPackFaults(
  manifest: Pick<Manifest, 'exports' | 'bin'>,
  files: readonly string[],
): readonly string[] {
  const needed = new Set([...DOCUMENTS, ...targetsOf(manifest.exports), ...targetsOf(manifest.bin)]);
  const surplus = files.filter((path) => !DOCUMENTS.includes(path) && !/^(?:dist|docs)\//.test(path));
  return [
    ...(files.some((path) => path.startsWith('docs/')) ? [] : ['docs/ is missing']),
    ...[...needed].filter((path) => !files.includes(path)).map((path) => `${path} is missing`),
    ...surplus.map((path) => `${path} does not belong into the package`),
  ];
}

function targetsOf(entry: ExportTargets): readonly string[] {
  if (typeof entry === 'string') return [entry.replace(/^\.\//, '')];
  return Object.values(entry).flatMap(targetsOf);
}
