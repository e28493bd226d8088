import { beforeAll, expect, test } from '@jest/globals';
import type { Drill } from '../../examples/gateway/drills/drill.js';
import { formatFigures } from '../../examples/gateway/drills/format-figures.js';
import { failuresOf, runDrill } from '../../examples/gateway/drills/run-drill.js';
import { readRunbookBlocks } from '../../examples/gateway/drills/runbook-blocks.js';
import { buildGateway } from './build-gateway.js';
import { describeWithRedis } from './redis.js';

/** Run drills as tests, and print their figures. Without the permissions that a drill needs, print its name. */
export function describeDrills(title: string, all: readonly Drill[]): void {
  describeWithRedis(title, () => {
    beforeAll(buildGateway, 60_000);

    const drills = all.filter((drill) => drill.canRun?.() !== false);
    const skipped = all.filter((drill) => !drills.includes(drill)).map(({ name }) => name);
    if (skipped.length > 0) process.stderr.write(`\n*** SKIPPED drills: ${skipped.join(', ')}\n`);

    test.each(drills.map((drill) => [drill.name, drill] as const))(
      '%s keeps its bounds and runs every block of its runbook',
      async (_name, drill) => {
        const result = await runDrill(drill, () => {});
        process.stderr.write(`${formatFigures([result])}\n`);

        expect(failuresOf(result, false)).toEqual([]);
        expect([...new Set(result.blocks)].toSorted()).toEqual(
          [...(await readRunbookBlocks(drill.runbook)).keys()].toSorted(),
        );
      },
      300_000,
    );
  });
}
