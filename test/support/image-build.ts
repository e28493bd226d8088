import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { npmSettings, startInContainer } from './container-root.js';
import { type Instruction, readDockerfile, readDockerIgnore, type Stage, textOf } from './dockerfile.js';

/** Image that the steps of a Dockerfile produced: its root directory and its last stage. */
export interface BuiltImage {
  readonly root: string;
  readonly stage: Stage;
}

interface Build {
  /** Directory of the repository, from which `COPY` reads. */
  readonly context: string;
  /** Directory for the root directories of all stages. */
  readonly directory: string;
  readonly rootOf: (stage: string) => string;
}

/** Runs the steps of a Dockerfile, each stage in a separate root directory. Stages without `--from` run concurrently. */
export async function buildImage(file: string, repository: string, directory: string): Promise<BuiltImage> {
  const stages = readDockerfile(file);
  const rootOf = (stage: string): string => join(directory, `stage-${stage || 'image'}`);
  const context = join(directory, 'context');
  copyContext(repository, context, readDockerIgnore(`${file}.dockerignore`));
  const build = { context, directory, rootOf };
  const last = stages.at(-1);
  if (last === undefined) throw new Error('The Dockerfile has no stage');
  await Promise.all(stages.slice(0, -1).map((stage) => runStage(stage, build)));
  await runStage(last, build);
  return { root: rootOf(last.name), stage: last };
}

/** Copies the files that Git tracks, or that are new, except ignored files. */
function copyContext(repository: string, context: string, isIgnored: (path: string) => boolean): void {
  const options = { cwd: repository, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
    options,
  );
  const paths = listed.split('\0').filter((path) => path !== '' && !isIgnored(path));
  for (const path of paths) cpSync(join(repository, path), join(context, path));
}

async function runStage(stage: Stage, build: Build): Promise<void> {
  const root = build.rootOf(stage.name);
  mkdirSync(root);
  let workdir = '/';
  for (const instruction of stage.instructions) {
    assertSupported(instruction);
    if (instruction.name === 'WORKDIR') workdir = instruction.text;
    if (instruction.name === 'COPY') copy(instruction, join(root, workdir), root, build);
    if (instruction.name === 'RUN') await run(instruction.text, root, workdir);
  }
}

/** Instructions that change no file. */
const SETTINGS = ['LABEL', 'ENV', 'USER', 'VOLUME', 'EXPOSE', 'STOPSIGNAL', 'HEALTHCHECK', 'ENTRYPOINT'];

function assertSupported({ name, flags }: Instruction): void {
  const known = name === 'COPY' ? ['from'] : name === 'HEALTHCHECK' ? Object.keys(flags) : [];
  const unknown = Object.keys(flags).filter((flag) => !known.includes(flag));
  if (['WORKDIR', 'COPY', 'RUN', ...SETTINGS].includes(name) && unknown.length === 0) return;
  throw new Error(`${[name, ...unknown].join(' --')} is not supported by image-build.ts`);
}

/** Directories are copied without their own name, files into a directory that ends with a slash. */
function copy({ text, flags: { from } }: Instruction, workdir: string, root: string, build: Build): void {
  const paths = text.split(/\s+/);
  const target = paths.pop() ?? '';
  const to = target.startsWith('/') ? join(root, target) : resolve(workdir, target);
  for (const path of paths) {
    const source = join(from === undefined ? build.context : build.rootOf(from), path);
    const isFile = statSync(source).isFile();
    mkdirSync(isFile && !/\/$/.test(target) ? workdir : to, { recursive: true });
    execFileSync('cp', ['-a', isFile ? source : `${source}/.`, isFile ? join(to, basename(path)) : to]);
  }
}

async function run(command: string, root: string, workdir: string): Promise<void> {
  const program = startInContainer({
    ...{ root, workdir, user: '0:0', readOnly: false },
    ...npmSettings(),
    command: ['sh', '-c', command],
  });
  if ((await program.ended) !== 0) throw new Error(`${command} failed: ${program.output()}`);
}

/** Returns the command of `ENTRYPOINT` or `HEALTHCHECK`, which must be in exec form. */
export function commandOf({ stage }: BuiltImage, name: 'ENTRYPOINT' | 'HEALTHCHECK'): readonly string[] {
  const command: unknown = JSON.parse(textOf(stage, name).replace(/^CMD\s+/, ''));
  if (!Array.isArray(command)) throw new Error(`${name} must be in exec form`);
  return command.map(String);
}
