/** `host/owner/name` of a Git repository, from any usual spelling of its URL; otherwise undefined. */
export function repositoryOf(url: string): string | undefined {
  const parts = /^(?:git\+)?(?:https:\/\/|ssh:\/\/git@|git@)([^/:]+)[/:]([^/]+\/[^/]+?)(?:\.git)?$/.exec(url);
  return parts === null ? undefined : `${parts[1]}/${parts[2]}`;
}
