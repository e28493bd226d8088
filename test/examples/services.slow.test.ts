import { expect, test } from '@jest/globals';
import { startProgram } from '../support/processes.js';

test('npm run services: one service calls another with its own token, and exits', async () => {
  const program = startProgram('examples/services/main.ts', {});

  expect(await program.ended).toBe(0);
  expect(program.output()).toContain('first invoice: 200 {"total":1204,"for":"billing"}');
  expect(program.output()).toContain('second invoice: 200 {"total":1204,"for":"billing"}');
  expect(program.output()).toContain('reports without a token: 401');
});
