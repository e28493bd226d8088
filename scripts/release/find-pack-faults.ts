import type { ExportTargets, Manifest } from './manifest.js';

const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE', 'package.json'];

/** Reports missing and unexpected files in a tarball. */
export function findPackFaults(
  manifest: Pick<Manifest, 'exports' | 'bin'>,
  files: readonly string[],
): readonly string[] {
  const needed = new Set([...DOCUMENTS, ...targetsOf(manifest.exports), ...targetsOf(manifest.bin)]);
  const surplus = files.filter((path) => !DOCUMENTS.includes(path) && !/^(?:dist|docs)\//.test(path));
  return [
    ...(files.some((path) => path.startsWith('docs/')) ? [] : ['docs/ is missing']),
    ...[...needed].filter((path) => !files.includes(path)).map((path) => `${path} is missing`),
    ...surplus.map((path) => `${path} does not belong in the package`),
  ];
}

function targetsOf(entry: ExportTargets): readonly string[] {
  if (typeof entry === 'string') return [entry.replace(/^\.\//, '')];
  return Object.values(entry).flatMap(targetsOf);
}
