import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import type { Manifest } from '../../scripts/release/manifest.js';
import { repositoryOf } from '../../scripts/release/repository-of.js';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const manifest: Manifest = JSON.parse(read('package.json'));

const yamlFiles = readdirSync(new URL('.github', ROOT), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.yml'))
  .map((path) => ({ path, content: load(read(`.github/${path}`)) }));

const contentOf = (path: string) => yamlFiles.find((file) => file.path === path)?.content;

test('every YAML file of .github holds an object', () => {
  expect(yamlFiles.length).toBeGreaterThanOrEqual(6);
  expect(yamlFiles.filter(({ content }) => typeof content !== 'object' || content === null)).toEqual([]);
});

test('package.json, and the owner in CODEOWNERS, name one repository', () => {
  const [host, owner, name] = repositoryOf(manifest.repository.url)?.split('/') ?? [];

  expect(manifest.homepage).toBe(`https://${host}/${owner}/${name}#readme`);
  expect(manifest.bugs.url).toBe(`https://${host}/${owner}/${name}/issues`);
  expect(read('.github/CODEOWNERS')).toContain(`@${owner}/`);
});

test('workflows have no permission but reading, and releasing signs its provenance', () => {
  expect(contentOf('workflows/ci.yml')).toMatchObject({ permissions: { contents: 'read' } });
  expect(contentOf('workflows/release.yml')).toMatchObject({
    permissions: { contents: 'read' },
    jobs: { publish: { needs: 'ci', permissions: { contents: 'read', 'id-token': 'write' } } },
  });
});

test('issue forms have the members that GitHub requires', () => {
  for (const form of ['bug', 'feature']) {
    expect(contentOf(`ISSUE_TEMPLATE/${form}.yml`)).toMatchObject({
      name: expect.any(String),
      description: expect.any(String),
      body: expect.any(Array),
    });
  }
});
