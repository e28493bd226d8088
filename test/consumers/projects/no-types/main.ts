import { createAuditTrail } from 'passport-jwe/audit';
import { createMonitor } from 'passport-jwe/monitor';
import { createMemoryStores, type Stores } from 'passport-jwe/stores';

export const stores: Stores = createMemoryStores();
export const trail = createAuditTrail({ sinks: [{ write: () => {} }] });
export const monitor = createMonitor({});
