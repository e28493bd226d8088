import { expect, test } from '@jest/globals';
import { startProgram } from '../support/processes.js';

test('npm run resource-servers: neither opens the tokens of the other, nor a refresh token, through a rotation', async () => {
  const program = startProgram('examples/resource-servers/main.ts', {});
  const shown = [
    'reports, with a token for reports: 200',
    'reports, with an older token: 200',
    'archive, with a token for reports: 401',
    'reports, with a refresh token: 401',
  ].map((line) => `  ${line}\n`);

  expect(await program.ended).toBe(0);
  expect(program.output()).toBe(
    `before the rotation\n${shown.join('')}after the rotation\n${shown.join('')}`,
  );
});
