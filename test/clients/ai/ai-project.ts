import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPageBlocks } from '../../support/page-blocks.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('programs', import.meta.url));
const PAGE = new URL('../../../docs/guides/ai-clients.md', import.meta.url);

/** Packages of the clients, installed by `npm --prefix test/clients/ai ci`. */
export const AI_PACKAGES = fileURLToPath(new URL('node_modules', import.meta.url));

/** Directory of an application that uses the installed clients. */
export interface AiProject {
  readonly directory: string;
  remove(): Promise<void>;
}

/**
 * Creates an application from the modules of the guide and the programs of the tests. A module has the name of its
 * block: `ai-openai` is `openai.mjs`.
 *
 * @param aliases packages that applications import under another name, for example `{ openai: 'openai6' }`
 */
export async function createAiProject(aliases: Readonly<Record<string, string>> = {}): Promise<AiProject> {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-ai-'));
  await cp(PROGRAMS, directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), '{ "private": true, "type": "module" }');
  for (const [name, code] of await readPageBlocks(PAGE)) {
    if (/^import /.test(code)) await writeFile(join(directory, `${name.replace('ai-', '')}.mjs`), code);
  }
  await linkPackages(join(directory, 'node_modules'), aliases);
  return { directory, remove: () => rm(directory, { recursive: true }) };
}

/** Links each package, so that the application resolves `passport-jwe` and the aliases too. */
async function linkPackages(directory: string, aliases: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(directory);
  const targets = new Map(
    (await readdir(AI_PACKAGES)).map((name) => [name, join(AI_PACKAGES, aliases[name] ?? name)]),
  );
  targets.set('passport-jwe', ROOT);
  for (const [name, target] of targets) await symlink(target, join(directory, name));
}
