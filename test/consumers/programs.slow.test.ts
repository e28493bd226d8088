import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRing, createTokenIssuer } from 'passport-jwe';
import { ENTRIES } from '../../scripts/bundle.js';
import { DEPENDENCIES, LOADED_AT_ONCE, type PackedPackage, packPackage } from './packed-package.js';

const SECRET = '0123456789abcdef0123456789abcdef';
const CREATE_KEY_RING = `await createKeyRing({ current: { secret: Buffer.from('${SECRET}') } })`;
const OPTIONS = "{ keyRing, issuer: 'https://a.example', audience: 'https://b.example' }";

const STORY = `
  const keyRing = ${CREATE_KEY_RING};
  const issuer = createTokenIssuer({ keyRing, issuer: 'https://a.example' });
  const verifier = createTokenVerifier(${OPTIONS});
  const { token } = await issuer.issue({
    type: 'service', subject: 's', clientId: 's', audience: 'https://b.example', scope: ['a'], lifetime: 60, claims: {},
  });
  const verified = await verifier.verify(token);
  console.log(verified.type, verified.hasScope('a'), typeof authenticate, typeof JweStrategy, typeof tokenRouter);
`;
const NAMES = 'authenticate, createKeyRing, createTokenIssuer, createTokenVerifier, JweStrategy, tokenRouter';

/** Entry points by the name that consumers import. */
const NAMES_OF_ENTRIES = [...ENTRIES.keys()].map((subpath) => subpath.replace('.', 'passport-jwe'));

let packed: PackedPackage;

beforeAll(async () => {
  packed = await packPackage();
}, 60_000);

afterAll(() => packed.remove());

async function issueToken(): Promise<string> {
  const keyRing = await createKeyRing({ current: { secret: Buffer.from(SECRET) } });
  const { token } = await createTokenIssuer({ keyRing, issuer: 'https://a.example' }).issue({
    type: 'service',
    subject: 'billing',
    clientId: 'billing',
    audience: 'https://b.example',
    scope: ['read'],
    lifetime: 60,
    claims: {},
  });
  return token;
}

describe('the packed tarball', () => {
  test('holds the bundles, their types and the papers, nothing else', async () => {
    const files = await readdir(packed.directory);

    expect(files.sort()).toEqual([
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'dist', 'docs', 'package.json'],
    ]);
  });

  test('is imported by an ES module', async () => {
    const consumer = await packed.createConsumer([...DEPENDENCIES, 'express']);
    const text = `import { ${NAMES} } from 'passport-jwe';${STORY}`;

    expect(await consumer.runProgram('esm.mjs', text)).toBe('service true function function function');
  });

  test('is required by a CommonJS module', async () => {
    const consumer = await packed.createConsumer([...DEPENDENCIES, 'express']);
    const text = `const { ${NAMES} } = require('passport-jwe'); (async () => {${STORY}})();`;

    expect(await consumer.runProgram('cjs.cjs', text)).toBe('service true function function function');
  });

  test('is one copy for a program that imports and requires it', async () => {
    const consumer = await packed.createConsumer([...DEPENDENCIES, 'express']);
    const text = `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      for (const entry of ${JSON.stringify(NAMES_OF_ENTRIES)}) console.log(require(entry) === (await import(entry)));`;

    const printed = await consumer.runProgram('mixed.mjs', text);
    expect(printed.split('\n')).toEqual(NAMES_OF_ENTRIES.map(() => 'true'));
  });

  test('is one copy in a bundle of files that import and require it', async () => {
    const consumer = await packed.createConsumer([...DEPENDENCIES, 'express', 'esbuild']);
    const text = `
      import { build } from 'esbuild';
      const contents = \`
        import * as imported from 'passport-jwe/accept';
        const required = require('passport-jwe/accept');
        console.log(imported.InvalidTokenError === required.InvalidTokenError);\`;
      const stdin = { contents, resolveDir: process.cwd() };
      await build({ stdin, outfile: 'bundled.cjs', bundle: true, platform: 'node', format: 'cjs' });
      await import('./bundled.cjs');`;

    expect(await consumer.runProgram('bundle.mjs', text)).toBe('true');
  });

  test('has the same classes and functions behind every entry point', async () => {
    const consumer = await packed.createConsumer([...DEPENDENCIES, 'express']);
    const text = `
      const entries = ${JSON.stringify(NAMES_OF_ENTRIES)};
      const byName = new Map();
      const differing = [];
      for (const entry of entries) {
        for (const [name, value] of Object.entries(await import(entry))) {
          if (byName.has(name) && byName.get(name) !== value) differing.push(name);
          byName.set(name, value);
          if (typeof value === 'function' && value.name !== name) differing.push(value.name + ' of ' + name);
        }
      }
      console.log(byName.size > 60, differing.join());`;

    expect(await consumer.runProgram('entries.mjs', text)).toBe('true');
  });

  test.each([
    ['lmdb', 'openLmdbStores', "{ path: 'store' }"],
    ['redis', 'openRedisStores', "{ url: 'redis://127.0.0.1' }"],
  ])(
    'names the package that passport-jwe/%s needs if it is not installed',
    async (subpath, name, options) => {
      const consumer = await packed.createConsumer([...DEPENDENCIES, 'express']);
      const text = `import { ${name} } from 'passport-jwe/${subpath}'; await ${name}(${options}).catch((error) => console.log(error.message));`;

      expect(await consumer.runProgram(`${subpath}.mjs`, text)).toMatch(
        /^This function requires the package (\w+): run npm install \1$/,
      );
    },
  );

  test('names the package that passport-jwe/ldap needs if it is not installed', async () => {
    const consumer = await packed.createConsumer([...DEPENDENCIES, 'express']);
    const text = `import { writeFileSync } from 'node:fs';
      import { ldapDirectory } from 'passport-jwe/ldap';
      writeFileSync('password', 'x', { mode: 0o600 });
      const dns = { bindDn: 'cn=service,dc=example,dc=com', baseDn: 'dc=example,dc=com' };
      const directory = ldapDirectory({ url: 'ldap://127.0.0.1:1', bindPasswordFile: 'password', ...dns });
      await directory.findByName('alice').catch(({ code, cause }) => console.log(code, cause.message));`;

    expect(await consumer.runProgram('ldap.mjs', text)).toBe(
      'ERR_TEMPORARILY_UNAVAILABLE This function requires the package ldapts: run npm install ldapts',
    );
  });
});

describe('what is loaded on first use', () => {
  test('passport-jwe/accept verifies a token without jose, YAML, a schema library, commander, Express and stores', async () => {
    const consumer = await packed.createConsumer(LOADED_AT_ONCE);
    const text = `
      import { createKeyRing, createTokenVerifier } from 'passport-jwe/accept';
      const keyRing = ${CREATE_KEY_RING};
      const { claims } = await createTokenVerifier(${OPTIONS}).verify(process.argv[2]);
      console.log(claims.sub);`;

    expect(await consumer.runProgram('accept.mjs', text, [await issueToken()])).toBe('billing');
  });

  test('passport-jwe issues and verifies with Express alone', async () => {
    const consumer = await packed.createConsumer([...LOADED_AT_ONCE, 'express']);
    const text = `import { ${NAMES} } from 'passport-jwe';${STORY}`;

    expect(await consumer.runProgram('root.mjs', text)).toBe('service true function function function');
  });

  test.each(NAMES_OF_ENTRIES.filter((name) => !/^passport-jwe(\/issue)?$/.test(name)))(
    '%s needs no Express',
    async (name) => {
      const consumer = await packed.createConsumer(LOADED_AT_ONCE);

      expect(await consumer.runProgram('entry.mjs', `console.log(typeof (await import('${name}')));`)).toBe(
        'object',
      );
    },
  );
});
