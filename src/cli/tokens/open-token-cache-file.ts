import { createHash, createHmac } from 'node:crypto';
import { chmod, lstat, lutimes, mkdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { isNumericDate, type NumericDate } from '../../base/clock.js';
import { isJsonObject, type JsonValue } from '../../base/json.js';
import { messageOf } from '../../base/message-of.js';
import { nameOfFailure } from '../../base/name-of-failure.js';
import { readPrivateFile } from '../../base/read-private-file.js';
import { replaceFile } from '../../base/write-file.js';
import type { CommandIo } from '../command-io.js';

/** Access token in a cache file. All times are those of this machine, because the clock of the server may differ. */
export interface CachedToken {
  readonly token: string;
  readonly tokenType: string;
  /** Time of the request. */
  readonly requestedAt: NumericDate;
  /** Time of the response. */
  readonly receivedAt: NumericDate;
  /** `requestedAt` plus the lifetime in the response. */
  readonly expiresAt: NumericDate;
}

/** Properties that tokens share if they can replace each other. */
export interface CachedTokenKey {
  readonly url: string;
  readonly client: string;
  readonly scope: string | undefined;
  readonly audience: string | undefined;
}

/** Cache file of one token. */
export interface TokenCacheFile {
  /** Path of the file. */
  readonly file: string;
  /**
   * Read the token. A missing or damaged entry counts as absent. So does the entry of a previous API key, and a file that
   * other users can access, after a warning.
   */
  read(): Promise<CachedToken | undefined>;
  /** Replace the token atomically, with mode 0600. */
  write(token: CachedToken): Promise<void>;
  /** Time of the latest use: the modification time of the file, or 0 if it cannot be read. */
  lastUse(): Promise<NumericDate>;
  /** Set the time of the latest use, if possible. A token that another process writes meanwhile remains. */
  noteUse(now: NumericDate): Promise<void>;
}

/**
 * Open the cache file of a token in `$XDG_CACHE_HOME/passport-jwe` or `~/.cache/passport-jwe`. Creates the directory with
 * mode 0700.
 *
 * @param secret API key. It authenticates the entry, so that an entry is used only with the same API key.
 * @throws Error (as rejection) if the directory belongs to another user, or cannot be created
 */
export async function openTokenCacheFile(
  io: CommandIo,
  key: CachedTokenKey,
  secret: string,
): Promise<TokenCacheFile> {
  const directory = join(cacheHome(), 'passport-jwe');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await claimDirectory(directory);
  const { url, client, scope = null, audience = null } = key;
  const name = createHash('sha256')
    .update(JSON.stringify([url, client, scope, audience]))
    .digest('hex');
  const file = join(directory, `${name.slice(0, 32)}.json`);
  const warnings = new Set<string>();
  const warn = (failure: unknown): void => {
    const warning = `warning: the cached token is replaced: ${messageOf(failure)}`;
    if (!warnings.has(warning)) io.note(warning);
    warnings.add(warning);
  };

  return {
    file,
    async read() {
      try {
        return parseEntry((await readPrivateFile({ file })).text, secret);
      } catch (failure) {
        if (nameOfFailure(failure) !== 'ENOENT') warn(failure);
        return undefined;
      }
    },
    write(token) {
      const text = JSON.stringify({ ...token });
      return replaceFile(file, JSON.stringify({ entry: text, mac: authenticate(text, secret) }));
    },
    lastUse: () =>
      lstat(file).then(
        ({ mtimeMs }) => mtimeMs / 1000,
        () => 0,
      ),
    noteUse: (now) => lutimes(file, now, now).catch(() => {}),
  };
}

/**
 * The directory for caches of the user. Relative paths are invalid (XDG Base Directory Specification), and would put
 * tokens in the current directory.
 *
 * @throws Error if the home directory is unknown
 */
function cacheHome(): string {
  const { XDG_CACHE_HOME: home = '' } = process.env;
  if (isAbsolute(home)) return home;
  const userHome = homedir();
  if (isAbsolute(userHome)) return join(userHome, '.cache');
  throw new Error('HOME is not an absolute path: set HOME or XDG_CACHE_HOME');
}

/** Assert that the directory, or the link at its path, belongs to this user, and restrict its mode to the owner. */
async function claimDirectory(directory: string): Promise<void> {
  const self = process.geteuid?.();
  if (self === undefined) return;
  const [link, target] = [await lstat(directory), await stat(directory)];
  if (link.uid !== self || target.uid !== self) {
    throw new Error(`${directory} belongs to another user: set XDG_CACHE_HOME to a directory that you own`);
  }
  if ((target.mode & 0o077) !== 0) await chmod(directory, 0o700);
}

/** Parse a cache file. Return `undefined` if the API key did not authenticate it. */
function parseEntry(text: string, secret: string): CachedToken | undefined {
  const { entry, mac } = parseObject(text);
  if (typeof entry !== 'string' || mac !== authenticate(entry, secret)) return undefined;
  const { token, tokenType, requestedAt, receivedAt, expiresAt } = parseObject(entry);
  if (typeof token !== 'string' || typeof tokenType !== 'string') return undefined;
  if (!isNumericDate(requestedAt) || !isNumericDate(receivedAt) || !isNumericDate(expiresAt))
    return undefined;
  return { token, tokenType, requestedAt, receivedAt, expiresAt };
}

function parseObject(text: string): Readonly<Record<string, JsonValue>> {
  try {
    const value: JsonValue = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

function authenticate(text: string, secret: string): string {
  return createHmac('sha256', secret).update('passport-jwe token cache\n').update(text).digest('base64url');
}
