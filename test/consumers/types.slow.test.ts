import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEPENDENCIES, type Installed, type PackedPackage, packPackage } from './packed-package.js';

const NODENEXT = { module: 'nodenext' };
const BUNDLER = { module: 'esnext', moduleResolution: 'bundler' };

const EXPRESS_4: Installed = [
  ['express', 'express4'],
  ['@types/express', 'types-express4'],
];
const EXPRESS_5: Installed = ['express', '@types/express'];
const BASE: Installed = [...DEPENDENCIES, '@types/node'];

let packed: PackedPackage;

beforeAll(async () => {
  packed = await packPackage();
}, 60_000);

afterAll(() => packed.remove());

describe('strict TypeScript that checks libraries too', () => {
  test.each([
    ['Express 5', 'nodenext', EXPRESS_5, NODENEXT],
    ['Express 5', 'bundler', EXPRESS_5, BUNDLER],
    ['Express 4', 'nodenext', EXPRESS_4, NODENEXT],
    ['Express 4', 'bundler', EXPRESS_4, BUNDLER],
  ])(
    'compiles routes for %s, module resolution %s, where guards keep the parameters of the path, and serves them',
    async (_express, _resolution, installed, options) => {
      const consumer = await packed.createConsumer([...BASE, ...installed]);

      expect(await consumer.compile('routes', options)).toBe('');
      expect((await consumer.runCompiled('routes/main.js')).split('\n')).toEqual([
        '200 {"id":"7","sub":"billing"}',
        '200 {"id":"7","sub":"billing"}',
        '401',
      ]);
    },
    60_000,
  );

  test.each([
    ['Express 5', EXPRESS_5],
    ['Express 4', EXPRESS_4],
  ])(
    'compiles for %s where the application declares Express.User and Request.auth and has no Passport',
    async (_express, installed) => {
      const consumer = await packed.createConsumer([...BASE, ...installed]);

      expect(await consumer.compile('own-user', NODENEXT)).toBe('');
      expect(await consumer.runCompiled('own-user/main.js')).toBe('jwe');
    },
    60_000,
  );

  test.each([
    ['nodenext', NODENEXT],
    ['bundler', BUNDLER],
  ])(
    'compiles code that passes values from one entry point to another, module resolution %s',
    async (_resolution, options) => {
      const consumer = await packed.createConsumer([...BASE, ...EXPRESS_5]);

      expect(await consumer.compile('entries', { ...options, declaration: true })).toBe('');
      expect(await consumer.runCompiled('entries/main.js')).toBe('true true');
    },
    60_000,
  );

  test('compiles stores, audit and monitor without the types of Express and Node.js', async () => {
    const consumer = await packed.createConsumer(DEPENDENCIES);

    expect(await consumer.compile('no-types', { ...NODENEXT, types: [] })).toBe('');
  }, 60_000);

  test.each([
    ['6', 'ioredis'],
    ['5', 'ioredis5'],
  ])(
    'compiles stores on a client of ioredis %s',
    async (_version, from) => {
      const consumer = await packed.createConsumer([...BASE, ...EXPRESS_5, ['ioredis', from]]);

      expect(await consumer.compile('redis', NODENEXT)).toBe('');
      expect(await consumer.runCompiled('redis/main.js')).toBe('function wait');
    },
    60_000,
  );
});
