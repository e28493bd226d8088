const { AsyncLocalStorage } = require('node:async_hooks');
const { TestEnvironment } = require('jest-environment-node');

/** @type {Set<AsyncLocalStorage<unknown>>} */
const used = new Set();

for (const method of ['run', 'enterWith']) {
  const original = AsyncLocalStorage.prototype[method];
  AsyncLocalStorage.prototype[method] = function (...args) {
    used.add(this);
    return original.apply(this, args);
  };
}

/**
 * The environment `node` of Jest, without the `AsyncLocalStorage` of files that have ended. Jest creates one per file, and
 * never disables it. Before Node.js 24, each new promise copies the values of all that are enabled: after a hundred files, a
 * promise takes 12 µs instead of 0.2 µs.
 */
module.exports = class FreshEnvironment extends TestEnvironment {
  async teardown() {
    for (const storage of used) storage.disable();
    used.clear();
    await super.teardown();
  }
};
