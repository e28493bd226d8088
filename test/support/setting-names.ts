import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATEWAY } from './deployment-files.js';

/** Names of the environment variables that the gateway reads. */
export function settingNames(): ReadonlySet<string> {
  const source = readFileSync(join(GATEWAY, 'settings.ts'), 'utf8');
  const names = [...source.matchAll(/variables(?:\['|, ')([A-Z_]+)'/g)].map(([, name = '']) => name);
  const files = [...source.matchAll(/readSecret\(variables, '([A-Z_]+)'/g)].map(([, name]) => `${name}_FILE`);
  return new Set([...names, ...files]);
}
