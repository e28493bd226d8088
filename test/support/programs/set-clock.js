// Preloaded: the clock of the process goes wrong by as many seconds as the file says that CLOCK_FILE names.
import { readFileSync } from 'node:fs';

const now = Date.now;
Date.now = () => now() + Number(readFileSync(process.env.CLOCK_FILE, 'utf8')) * 1000;
