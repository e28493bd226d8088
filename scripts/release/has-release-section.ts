/** Whether a changelog has a dated section for the version, with at least one entry. */
export function hasReleaseSection(changelog: string, version: string): boolean {
  const sections = changelog.split(/^## /m).slice(1);
  return sections.some((section) => {
    const [heading = '', ...lines] = section.split('\n');
    const dated = /^\[(\S+)\] - \d{4}-\d{2}-\d{2}$/.exec(heading);
    return dated?.[1] === version && lines.some((line) => line.startsWith('- '));
  });
}
