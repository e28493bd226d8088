import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createKeyRing, createTokenIssuer, fileKeySource, openKeyRing } from 'passport-jwe';
import { AUDIENCE, ISSUER } from './cluster.js';
import { type Drill, nowMs } from './drill.js';
import { addressesIn, GatewayClient } from './gateway-client.js';
