/** Usage: npm run sign-in. The settings are environment variables: see README.md. */
import { once } from 'node:events';
import { startDemoDirectory } from './demo-directory/start-demo-directory.js';
import { HELP, readDirectorySettings, readServerSettings } from './settings.js';
import { startSignIn } from './start-sign-in.js';

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const servers = readServerSettings(process.env);
  const configured = readDirectorySettings(process.env);
  const demo = configured === undefined ? await startDemoDirectory() : undefined;
  try {
    const directory = configured ?? demo?.settings;
    if (directory === undefined) throw new Error(HELP);
    const running = await startSignIn({ ...servers, ...directory }, (event) =>
      console.log(JSON.stringify(event)),
    );
    console.log(`Open ${servers.app} in a browser. Press Ctrl+C to stop.`);
    if (demo !== undefined) {
      console.log('Sign in as alice or bob, with the password "correct horse battery staple".');
    }
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await running.close();
  } finally {
    await demo?.stop();
  }
}
