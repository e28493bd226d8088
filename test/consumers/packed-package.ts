import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = join(ROOT, 'examples');
const PROJECTS = fileURLToPath(new URL('projects', import.meta.url));
const COMPILER = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

const run = promisify(execFile);

/** Production dependencies that every part of the package loads at once. */
export const LOADED_AT_ONCE = ['lru-cache', 'passport-strategy'];

/** All production dependencies. */
export const DEPENDENCIES = [...LOADED_AT_ONCE, 'commander', 'jose', 'js-yaml', 'valibot'];

/** What a consumer has installed beside the package: names, or names and other packages of the repository. */
export type Installed = readonly (string | readonly [name: string, from: string])[];

/** An application in a folder of its own. */
export interface Consumer {
  /** Runs a program in a process of its own. @returns what it prints. */
  runProgram(
    name: string,
    text: string,
    args?: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<string>;
  /**
   * Compiles a folder of `projects` by strict rules, libraries included.
   *
   * @param type module system of the application. Default: ES modules
   * @returns what the compiler prints.
   */
  compile(
    project: string,
    compilerOptions: Readonly<Record<string, unknown>>,
    type?: 'module' | 'commonjs',
  ): Promise<string>;
  /** Runs the compiled `main`. */
  runCompiled(file: string): Promise<string>;
}

/** The tarball that npm would publish, unpacked. Tests that use it need a build. */
export interface PackedPackage {
  /** The unpacked folder. */
  readonly directory: string;
  /** Copies a folder of `examples/` and installs the tarball and its other packages there. @returns the copy. */
  installExample(name: string): Promise<string>;
  createConsumer(installed: Installed): Promise<Consumer>;
  remove(): Promise<void>;
}

export async function packPackage(): Promise<PackedPackage> {
  const home = await mkdtemp(join(tmpdir(), 'passport-jwe-consumers-'));
  const directory = join(home, 'package');
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', home];
  const [{ filename }] = JSON.parse((await run('npm', pack, { cwd: ROOT })).stdout);
  await run('tar', ['-xzf', join(home, filename), '-C', home]);
  return {
    directory,
    installExample: async (name) => {
      const folder = join(home, name);
      await cp(join(EXAMPLES, name), folder, {
        recursive: true,
        filter: (path) => !path.includes('node_modules'),
      });
      const install = [
        'install',
        '--no-save',
        '--prefer-offline',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
      ];
      await run('npm', [...install, join(home, filename)], { cwd: folder });
      return folder;
    },
    createConsumer: async (installed) => {
      const folder = await mkdtemp(join(home, 'consumer-'));
      await cp(directory, join(folder, 'node_modules', 'passport-jwe'), { recursive: true });
      for (const each of installed) await link(folder, typeof each === 'string' ? [each, each] : each);
      return consumerIn(folder);
    },
    remove: () => rm(home, { recursive: true }),
  };
}

async function link(folder: string, [name, from]: readonly [string, string]): Promise<void> {
  const path = join(folder, 'node_modules', name);
  await mkdir(dirname(path), { recursive: true });
  await symlink(join(ROOT, 'node_modules', from), path);
}

/** An application in a folder whose packages are installed. */
export function consumerIn(folder: string): Consumer {
  const runFile = async (
    file: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> => {
    const { stdout } = await run(process.execPath, [file, ...args], { cwd: folder, env });
    return stdout.trim();
  };
  return {
    runProgram: async (name, text, args, environment) => {
      await writeFile(join(folder, name), text);
      return runFile(name, args, environment);
    },
    compile: async (project, options, type = 'module') => {
      await cp(join(PROJECTS, project), join(folder, project), { recursive: true });
      await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
      const compilerOptions = { ...STRICT, ...options };
      await writeFile(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, include: [`${project}/**/*.ts`] }),
      );
      const compiling = run(process.execPath, [COMPILER], { cwd: folder });
      return compiling.then(
        ({ stdout }) => stdout,
        ({ stdout }) => stdout,
      );
    },
    runCompiled: (file) => runFile(join('out', file)),
  };
}

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  target: 'es2022',
  types: ['node'],
  rootDir: '.',
  outDir: 'out',
};
