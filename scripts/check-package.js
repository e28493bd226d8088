// Checks package.json and the packed files with publint. One finding is intended.
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/**
 * "types are interpreted as ESM when resolving with the require condition". They are: `require()` of Node.js loads the ES
 * module (condition `module-sync`). Only loaders without that condition, such as Jest, load the CommonJS bundle. See
 * docs/decisions/0009-commonjs-for-jest.md.
 */
const INTENDED = 'EXPORTS_TYPES_INVALID_FORMAT';

const { messages, pkg } = await publint({ strict: true });
const faults = messages.filter(({ code }) => code !== INTENDED);
for (const fault of faults) console.error(formatMessage(fault, pkg));
process.exitCode = faults.length === 0 ? 0 : 1;
