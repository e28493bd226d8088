import { statfs } from 'node:fs/promises';
import { Gauge, type Registry } from 'prom-client';

/** Publishes the free share of the file system with the embedded store, at each scrape. */
export function observeDisk(registry: Registry, directory: string): void {
  const free: Gauge = new Gauge({
    name: 'gateway_data_directory_free_ratio',
    help: 'Free space of the file system with the data directory, as a share of its size',
    registers: [registry],
    async collect() {
      // A failure keeps the last value, because a rejection would fail the whole scrape.
      const space = await statfs(directory).catch(() => undefined);
      if (space !== undefined) free.set(space.bavail / space.blocks);
    },
  });
}
