import { once } from 'node:events';
import { openAuditFile } from 'passport-jwe/audit';
import { reopenOnHangup } from '../../../examples/gateway/observability/reopen-on-hangup.js';
import { createLogger } from '../../../examples/gateway/observability/request-log.js';

// Writes a record to an audit file, and one more at each line of its standard input, until the input ends.
const [path = ''] = process.argv.slice(2);
const file = await openAuditFile({ path, key: Buffer.alloc(32, 7) });
const write = () => file.write({ type: 'key_ring.retired', kid: 'kid', time: '2030-01-01T00:00:00Z' });
const stop = reopenOnHangup(file, createLogger());
await write();
process.stdout.write('written\n');
process.stdin.on('data', () => void write());
await once(process.stdin, 'end');
stop();
await file.close();
