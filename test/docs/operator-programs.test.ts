import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readPageBlocks } from '../support/page-blocks.js';
import { startProgram } from '../support/processes.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const readGuide = (name: string) => readPageBlocks(new URL(`../../docs/guides/${name}.md`, import.meta.url));
const blocks = new Map([...(await readGuide('audit-log')), ...(await readGuide('revoke'))]);

/** Inside the package, where programs find it by its name as its users do. */
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(ROOT, 'test', '.operator-programs-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs a block, followed by the code of the test, and returns the output. */
async function runBlock(name: string, story: string): Promise<string> {
  const file = join(folder, `${name}.mts`);
  await writeFile(file, `${blocks.get(name) ?? ''}\n${story}`);
  const program = startProgram(file, {}, { cwd: folder });
  expect([await program.ended, program.output()]).toEqual([0, expect.any(String)]);
  return program.output();
}

test('the command line verifies the audit file of the guide with the same key file', async () => {
  const { stdout: key } = await promisify(execFile)('openssl', ['rand', '-hex', '32']);
  await writeFile(join(folder, 'audit.key'), key, { mode: 0o600 });
  await runBlock(
    'audit-file',
    `await audit.record({ type: 'limits.restored' });
    await audit.flush();
    await file.close();`,
  );
  const commandLine = join(ROOT, 'dist', 'cli', 'main.js');
  const args = [commandLine, 'audit', 'verify', 'audit.jsonl', '--key-file', 'audit.key', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });

  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'valid' });
});

test('the function of the guide revokes one token by its claims', async () => {
  const output = await runBlock(
    'revoke-token',
    `import { createMemoryStores, createRevocations, createTokenVerifier } from 'passport-jwe';
    import { createTestKeyRing, mintToken } from 'passport-jwe/testing';

    const keyRing = createTestKeyRing();
    const revocations = createRevocations({ stores: createMemoryStores() });
    const service = { keyRing, issuer: 'https://auth.example.com', audience: 'https://api.example.com' };
    const { verify } = createTokenVerifier(service);
    const [one, other] = [await verify(await mintToken(service)), await verify(await mintToken(service))];
    await revokeToken(revocations, one);
    console.log(revocations.isRevoked(one), revocations.isRevoked(other));`,
  );

  expect(output).toBe('true false\n');
});
