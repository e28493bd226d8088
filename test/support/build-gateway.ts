import { execFile } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OUTPUT = `${ROOT}examples/gateway/dist`;

/** Build of the gateway, relative to the root of the repository. Deployments run it. */
export const GATEWAY_BUILD = 'examples/gateway/dist/main.js';

/** Build the gateway. Several processes can do so at a time, while others start the previous build. */
export async function buildGateway(): Promise<void> {
  const directory = `${OUTPUT}/${process.pid}`;
  const args = ['run', 'build', '--workspace', 'passport-jwe-gateway', '--', `--outdir=${directory}`];
  await promisify(execFile)('npm', args, { cwd: ROOT });
  await rename(`${directory}/main.js`, `${ROOT}${GATEWAY_BUILD}`);
  await rm(directory, { recursive: true });
}
