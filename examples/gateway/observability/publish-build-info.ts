import { readFileSync } from 'node:fs';
import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';

const manifestShape = z.object({ version: z.string() });

/** Publishes the version of the gateway as a label, so that dashboards show the progress of an upgrade. */
export function publishBuildInfo(registry: Registry): void {
  const info = new Gauge({
    name: 'gateway_build_info',
    help: 'Always 1; the label contains the version of the gateway',
    labelNames: ['version'],
    registers: [registry],
  });
  // The package contains its sources and its bundle in directories of the same depth.
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  info.set({ version: manifestShape.parse(JSON.parse(manifest)).version }, 1);
}
