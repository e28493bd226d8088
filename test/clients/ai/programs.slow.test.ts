import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { createAiProject } from './ai-project.js';
import { describeOnNode24 } from './describe-ai-client.js';

const COMPILER = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));

describeOnNode24('the programs of AI clients', () => {
  test('compile with the modules of the guide and the types of the packages', async () => {
    const project = await createAiProject();
    const compiled = promisify(execFile)(process.execPath, [COMPILER], { cwd: project.directory });
    const { stdout } = await compiled.catch((failure) => failure);
    await project.remove();

    expect(stdout).toBe('');
  });
});
