export { type MintTokenOptions, mintToken, TEST_AUDIENCE, TEST_ISSUER } from './mint-token.js';
export { createTestClock, type TestClock } from './test-clock.js';
export { createTestKeyRing } from './test-key-ring.js';
