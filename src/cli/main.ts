#!/usr/bin/env node
import { processIo } from './command-io.js';
import { runCommandLine } from './run-command-line.js';

/** Exit code of a program that SIGPIPE ends: 128 and the number of the signal. */
const CLOSED_PIPE = 141;

// Node.js ignores SIGPIPE. End as other tools do if the reader of the output, for example `head`, has ended.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (failure: NodeJS.ErrnoException) => {
    if (failure.code === 'EPIPE') process.exit(CLOSED_PIPE);
    throw failure;
  });
}

process.exitCode = await runCommandLine(process.argv.slice(2), processIo);
