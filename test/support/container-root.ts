import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { type RunningProgram, startCommand } from './processes.js';

/** Command in the root file system of a container. Its other directories are those of this machine, such as `/usr`. */
export interface ContainerCommand {
  readonly root: string;
  readonly workdir: string;
  /** User and group, for example `10001:10001`. */
  readonly user: string;
  /** Whether the command can write only to `mounts`. */
  readonly readOnly: boolean;
  /** Directories and files of this machine by their path in the container. */
  readonly mounts: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

/** Each `exec` keeps the process ID, so that signals reach the command. */
const SCRIPT = `
set -e
root=$1 workdir=$2 user=$3 access=$4
shift 4
mount --make-rprivate /
mount --bind "$root" "$root"
for name in bin etc lib lib64 opt sbin usr proc dev; do
  [ -d "/$name" ] || continue
  mkdir -p "$root/$name"
  mount --rbind "/$name" "$root/$name"
done
mkdir -p "$root$workdir"
while [ "$1" != -- ]; do
  if [ -d "$2" ]; then mkdir -p "$root$1"; else mkdir -p "$(dirname "$root$1")"; touch "$root$1"; fi
  mount --bind "$2" "$root$1"
  shift 2
done
shift
[ "$access" = rw ] || mount -o remount,bind,ro "$root"
capabilities=
[ "$user" = 0:0 ] || capabilities=--bounding-set=-all
exec chroot "$root" setpriv --reuid "\${user%:*}" --regid "\${user#*:}" --clear-groups --no-new-privs $capabilities \\
  -- env --chdir="$workdir" "$@"
`;

/** Starts a command in a separate mount namespace. Requires permission to mount file systems. */
export function startInContainer(parts: ContainerCommand): RunningProgram {
  const { root, workdir, user, readOnly, mounts, environment, command } = parts;
  const node = dirname(dirname(process.execPath));
  const all = node.startsWith('/usr') ? mounts : { ...mounts, [node]: node };
  const binds = Object.entries(all).flat();
  const access = readOnly ? 'ro' : 'rw';
  const { PATH = '' } = process.env;
  const path = `${dirname(process.execPath)}:${PATH}`;
  return startCommand(
    ['unshare', '--mount', 'sh', '-c', SCRIPT, 'sh', root, workdir, user, access, ...binds, '--', ...command],
    { ...environment, PATH: path, HOME: '/' },
  );
}

/** Settings for downloads by npm: the cache of this machine, its registry and its proxies. */
export function npmSettings(): Pick<ContainerCommand, 'mounts' | 'environment'> {
  const cache = process.env['npm_config_cache'] ?? `${homedir()}/.npm`;
  const names = /^(npm_config_registry|(https?|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)$/i;
  const environment = Object.entries(process.env).flatMap(([name, value]) =>
    names.test(name) && value !== undefined ? [[name, value] as const] : [],
  );
  return {
    mounts: { '/npm-cache': cache },
    environment: {
      ...Object.fromEntries(environment),
      npm_config_cache: '/npm-cache',
      npm_config_prefer_offline: 'true',
    },
  };
}
