import type { Provider } from '@nestjs/common';
import { createKeyRing } from 'passport-jwe/accept';

export const KEY_RING = Symbol('KEY_RING');

export const keyRingProvider: Provider = {
  provide: KEY_RING,
  useFactory: () => createKeyRing({ current: { env: 'JWE_KEY' } }), // openssl rand -hex 32
};
