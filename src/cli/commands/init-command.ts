import { access, appendFile, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Command } from 'commander';
import { generateApiKey } from '../../api-keys/generate-api-key.js';
import { createFile } from '../../base/write-file.js';
import { generateKeySet } from '../../keys/key-versions.js';
import type { CommandIo } from '../command-io.js';
import { parsePort } from '../parse-number.js';
import { printResult } from '../print-result.js';
import { jsonOption } from '../settings.js';
import { describeKey, digestOf } from './api-key-create-command.js';

interface InitOptions {
  readonly port: number;
  readonly json?: true;
}

/** The secrets, and the installed packages. */
const IGNORED = ['keys.json', 'demo-api-key', 'node_modules'];
const DEMO_KEY = { name: 'Demo key', type: 'api_call', permissions: ['read:documents'] };

/** Create the `init` command, which writes a working configuration into the current directory. */
export function initCommand(io: CommandIo): Command {
  return new Command('init')
    .description(
      'write a key file, an API key and an Express server with a guarded route, and print the next commands',
    )
    .option('--port <port>', 'port of the server', parsePort, 3000)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mkdir demo && cd demo && npx passport-jwe init')
    .action(async ({ port, json }: InitOptions) => {
      const files = describeFiles(io, port);
      await assertAbsent(io, Object.keys(files));
      for (const [name, { content, mode }] of Object.entries(files)) {
        await createFile(join(io.directory, name), content, mode);
      }
      await writeIgnored(io);
      const commands = describeCommands(io, port);
      const text = [
        `Wrote ${Object.keys(files).join(', ')}.`,
        'Run these commands in order:',
        '',
        ...commands,
      ];
      printResult(
        io,
        { files: Object.keys(files), commands },
        { isJson: json === true, text: text.join('\n') },
      );
    });
}

interface NewFile {
  readonly content: string;
  readonly mode: 0o600 | 0o644;
}

function describeFiles(io: CommandIo, port: number): Readonly<Record<string, NewFile>> {
  const apiKey = generateApiKey({ prefix: 'demo', environment: 'development' });
  return {
    'keys.json': { content: `${JSON.stringify(generateKeySet(io.clock()), null, 2)}\n`, mode: 0o600 },
    'demo-api-key': { content: `${apiKey}\n`, mode: 0o600 },
    'api-keys/demo.yaml': {
      content: describeKey('demo', { api_key: digestOf(apiKey) }, DEMO_KEY),
      mode: 0o644,
    },
    'server.mjs': { content: serverProgram(port), mode: 0o644 },
  };
}

/**
 * Assert that none of the files exists, so that `init` writes all files or none.
 *
 * @throws Error (as rejection) that names the first existing file.
 */
async function assertAbsent(io: CommandIo, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const isThere = await access(join(io.directory, name)).then(
      () => true,
      () => false,
    );
    if (isThere) throw new Error(`${name} already exists: run init in an empty directory`);
  }
}

/** Keep files out of version control. An entry such as `node_modules/` is another spelling. */
async function writeIgnored(io: CommandIo): Promise<void> {
  const path = join(io.directory, '.gitignore');
  const ignored = await readFile(path, 'utf8').catch(() => '');
  const present = ignored.split('\n').map((line) => line.replace(/^\/|\/$/g, ''));
  const missing = IGNORED.filter((name) => !present.includes(name));
  const separator = ignored === '' || ignored.endsWith('\n') ? '' : '\n';
  if (missing.length > 0) await appendFile(path, `${separator}${missing.join('\n')}\n`);
}

function describeCommands(io: CommandIo, port: number): readonly string[] {
  const origin = `http://127.0.0.1:${port}`;
  const needed = ['passport-jwe', 'express'].filter((name) => !isInstalled(io, name));
  return [
    ...(needed.length === 0 ? [] : [`npm install ${needed.join(' ')}`]),
    'node server.mjs &',
    `curl -fsS --retry 30 --retry-delay 1 --retry-connrefused ${origin}/healthz`,
    `TOKEN=$(curl -fsS ${origin}/oauth/token -H "X-API-Key: $(cat demo-api-key)" -d grant_type=client_credentials | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `curl -fsS -i ${origin}/documents -H "Authorization: Bearer $TOKEN"`,
  ];
}

function isInstalled({ directory }: CommandIo, name: string): boolean {
  try {
    createRequire(join(directory, 'server.mjs')).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

function serverProgram(port: number): string {
  return `import express from 'express';
import {
  authenticate,
  bearerErrors,
  fileKeySource,
  openKeyRing,
  requireScope,
  tokenRouter,
  verifiedToken,
  watchApiKeys,
} from 'passport-jwe';

const port = Number(process.env.PORT ?? ${port});
const issuer = \`http://127.0.0.1:\${port}\`;
const keyRing = await openKeyRing({ source: fileKeySource({ file: 'keys.json' }) });
const apiKeys = await watchApiKeys({ directory: 'api-keys' });
const service = { keyRing, issuer, audience: issuer, apiKeys };

const app = express();
app.get('/healthz', (_req, res) => res.json({ status: 'ok' }));
app.use('/oauth', tokenRouter(service));
app.get('/documents', authenticate(service), requireScope('read:documents'), (req, res) => {
  res.json({ documents: [], for: verifiedToken(req).claims.sub });
});
// Sends the errors that your handlers throw, for example new InsufficientScopeError('read:documents').
app.use(bearerErrors());
app.listen(port, '127.0.0.1', () => console.log(\`Listening on \${issuer}\`));
`;
}
