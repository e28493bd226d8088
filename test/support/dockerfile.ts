import { readFileSync } from 'node:fs';

/** Instruction of a Dockerfile, for example `COPY`, with its flags and arguments. */
export interface Instruction {
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  /** Everything after the flags, with variables replaced. */
  readonly text: string;
}

/** Stage of a Dockerfile: `FROM` and the instructions that follow. */
export interface Stage {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

/** Reads the stages of a Dockerfile. Variables are replaced by the defaults of `ARG`. */
export function readDockerfile(file: string): readonly Stage[] {
  const lines = readFileSync(file, 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const variables = new Map<string, string>();
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const instruction = parseInstruction(line, variables);
    if (instruction.name === 'ARG') {
      const [name = '', value = ''] = instruction.text.split('=');
      variables.set(name, value);
    } else if (instruction.name === 'FROM') {
      const [base = '', , name = ''] = instruction.text.split(/\s+/);
      stages.push({ name, base, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push(instruction);
    }
  }
  return stages;
}

function parseInstruction(line: string, variables: ReadonlyMap<string, string>): Instruction {
  const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
  const [, flagText = '', text = ''] = /^((?:--[\w-]+=\S+\s+)*)(.*)$/.exec(rest) ?? [];
  const flags = [...flagText.matchAll(/--([\w-]+)=(\S+)/g)].map(([, flag = '', value = '']) => [flag, value]);
  const replaced =
    name === 'FROM' ? text.replace(/\$\{(\w+)\}/g, (_, key) => variables.get(key) ?? '') : text;
  return { name, flags: Object.fromEntries(flags), text: replaced };
}

/** Returns the arguments of the last instruction with this name. */
export function textOf({ instructions }: Stage, name: string): string {
  const found = instructions.findLast((instruction) => instruction.name === name);
  if (found === undefined) throw new Error(`The Dockerfile has no ${name}`);
  return found.text;
}

/** Returns the environment that `ENV` sets. */
export function environmentOf({ instructions }: Stage): Readonly<Record<string, string>> {
  const pairs = instructions
    .filter(({ name }) => name === 'ENV')
    .flatMap(({ text }) => text.split(/\s+/))
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  return Object.fromEntries(pairs);
}

/** Returns a function that tells whether a `.dockerignore` file excludes a path. The last matching pattern decides. */
export function readDockerIgnore(file: string): (path: string) => boolean {
  const patterns = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ excludes: !line.startsWith('!'), pattern: toPattern(line.replace(/^!/, '')) }));
  return (path) => patterns.findLast(({ pattern }) => pattern.test(path))?.excludes ?? false;
}

/** A pattern also matches everything below the path. */
function toPattern(glob: string): RegExp {
  const source = glob
    .replace(/[.]/g, '\\.')
    .replace(/^\*\*\//, '(?:.*/)?')
    .replace(/(?<![.)])\*/g, '[^/]*');
  return new RegExp(`^${source}(?:/.*)?$`);
}
