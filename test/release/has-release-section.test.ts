import { expect, test } from '@jest/globals';
import { hasReleaseSection } from '../../scripts/release/has-release-section.js';

const CHANGELOG = `# Changelog

## [Unreleased]

- something

## [1.2.0] - 2026-12-01

### Added

- \`verify()\`

## [1.1.0] - 2026-11-01

## [1.0.0]

- the first release
`;

test('a dated section with an entry describes a version', () => {
  expect(hasReleaseSection(CHANGELOG, '1.2.0')).toBe(true);
});

test.each([
  ['without entries', '1.1.0'],
  ['without a date', '1.0.0'],
  ['for another version', '1.2'],
  ['of unreleased changes', 'Unreleased'],
])('a section %s describes no version', (_, version) => {
  expect(hasReleaseSection(CHANGELOG, version)).toBe(false);
});
