import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TYPESCRIPT } from './processes.js';
import { PYTHON } from './python.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Files that are written first, then tokens that are read. */
export interface ReadingStep {
  readonly files: Readonly<Record<string, object>>;
  readonly tokens: readonly string[];
}

/** A program that defines how a token is read, in one of the languages of the guide. */
export interface TokenReader {
  readonly language: 'node' | 'python';
  /** Defines `readToken` or `read_token`. */
  readonly code: string;
}

const NODE_DRIVER = `
import { writeFile } from 'node:fs/promises';
const { readToken } = await import('./reader.mjs');
const verdicts: string[] = [];
for (const { files, tokens } of JSON.parse(process.env['STEPS'] ?? '')) {
  for (const [name, content] of Object.entries(files)) await writeFile(name, JSON.stringify(content));
  for (const token of tokens) {
    verdicts.push(await readToken(token).then(({ sub }) => \`accepted \${sub}\`, ({ code, message }) => \`\${code}: \${message}\`));
  }
}
console.log(JSON.stringify(verdicts));
process.exit();
`;

const PYTHON_DRIVER = `
import json, os
from reader import read_token

def verdict_of(token):
    try:
        return f"accepted {read_token(token)['sub']}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"

verdicts = []
for step in json.loads(os.environ["STEPS"]):
    for name, content in step["files"].items():
        with open(name, "w") as file:
            json.dump(content, file)
    verdicts += [verdict_of(token) for token in step["tokens"]]
print(json.dumps(verdicts))
`;

/** For each token `accepted <sub>`, or why it is rejected. All steps run in one process. */
export async function readTokens(
  { language, code }: TokenReader,
  steps: readonly ReadingStep[],
): Promise<readonly string[]> {
  const directory = await mkdtemp(join(ROOT, 'test', '.readme-'));
  const isNode = language === 'node';
  const [reader, driver] = isNode ? ['reader.mts', 'driver.mts'] : ['reader.py', 'driver.py'];
  // The code of the guide reads some files when it starts.
  const first = Object.entries(steps[0]?.files ?? {}).map(([name, content]) =>
    writeFile(join(directory, name), JSON.stringify(content)),
  );
  await Promise.all([...first, writeFile(join(directory, reader), code)]);
  await writeFile(join(directory, driver), isNode ? NODE_DRIVER : PYTHON_DRIVER);
  const [command, args] = isNode ? [process.execPath, TYPESCRIPT] : [PYTHON, []];
  const env = { PATH: process.env['PATH'] ?? '', STEPS: JSON.stringify(steps) };
  const options = { cwd: directory, env, timeout: 20_000 };
  try {
    const { stdout } = await promisify(execFile)(command, [...args, driver], options);
    return JSON.parse(stdout);
  } finally {
    await rm(directory, { recursive: true });
  }
}
