// Preloaded module: the clock of the process is ahead by the number of seconds in the file that CLOCK_FILE names.
import { readFileSync } from 'node:fs';

const now = Date.now;
Date.now = () => now() + Number(readFileSync(process.env.CLOCK_FILE, 'utf8')) * 1000;
