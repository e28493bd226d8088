import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bundle } from './bundle.js';
import { bundleCommonjs } from './bundle-commonjs.js';
import { bundleTypes, DECLARATIONS } from './bundle-types.js';

const files = [...(await bundle()).files, ...(await bundleCommonjs()), ...bundleTypes()];
for (const { path, text } of files) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
await rm(DECLARATIONS, { recursive: true });
