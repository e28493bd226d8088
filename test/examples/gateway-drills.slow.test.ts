import { beforeAll, expect, test } from '@jest/globals';
import { DRILLS } from '../../examples/gateway/drills/drills.js';
import { formatFigures } from '../../examples/gateway/drills/format-figures.js';
import { failuresOf, runDrill } from '../../examples/gateway/drills/run-drill.js';
import { readRunbookBlocks } from '../../examples/gateway/drills/runbook-blocks.js';
import { buildGateway } from '../support/build-gateway.js';
import { describeWithRedis } from '../support/redis.js';

describeWithRedis('the drills of the gateway', () => {
  beforeAll(buildGateway, 60_000);

  const drills = DRILLS.filter((drill) => drill.canRun?.() !== false);
  const skipped = DRILLS.filter((drill) => !drills.includes(drill)).map(({ name }) => name);
  if (skipped.length > 0) process.stderr.write(`\n*** SKIPPED drills: ${skipped.join(', ')}\n`);

  test.each(drills.map((drill) => [drill.name, drill] as const))(
    '%s keeps its bounds and runs every block of its runbook',
    async (_name, drill) => {
      const log: string[] = [];
      const result = await runDrill(drill, (line) => void log.push(line));
      process.stderr.write(`${formatFigures([result])}\n`);

      expect(failuresOf(result, false)).toEqual([]);
      expect([...new Set(result.blocks)].toSorted()).toEqual(
        [...(await readRunbookBlocks(drill.runbook)).keys()].toSorted(),
      );
    },
    300_000,
  );
});
