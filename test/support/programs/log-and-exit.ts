// Logs 300 lines in batches to standard output. Then exits, throws, or runs until it is killed, as the argument says.
import { batchLines } from '../../../examples/gateway/observability/batch-lines.js';

const log = batchLines(1);
for (let line = 1; line <= 300; line += 1) log.write(`line ${line}, ${'with more characters'.repeat(5)}\n`);

switch (process.argv[2]) {
  case 'exit':
    process.exit(0);
    break;
  case 'throw':
    throw new Error('A fault');
  default:
    setInterval(() => {}, 60_000);
}
