// Builds the package and the gateway before `npm start`. Without development dependencies, the build must already exist.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMPILERS = ['typescript', 'tsx', 'esbuild'];
const OUTPUTS = ['dist/index.js', 'examples/gateway/dist/main.js'];

if (COMPILERS.every((name) => existsSync(`${ROOT}node_modules/${name}`))) {
  process.exitCode =
    spawnSync('npm', ['run', 'build:gateway'], { cwd: ROOT, stdio: 'inherit', shell: true }).status ?? 1;
} else if (!OUTPUTS.every((path) => existsSync(ROOT + path))) {
  console.error(
    'The gateway is not built, and the compilers are not installed: run npm ci && npm run build:gateway first',
  );
  process.exitCode = 1;
}
