import { expect, test } from '@jest/globals';
import { readPages } from '../support/pages.js';

const FAULTS = 'What can go wrong';
const MIN_ROWS = 3;

const pages = await readPages(new URL('../../', import.meta.url).pathname);
const guides = [...pages].filter(([path]) => /^docs\/(?:guides|recipes)\//.test(path));

interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** The text before the first h2, and the h2 sections, without code blocks. */
function sectionsOf(text: string): readonly [introduction: Section, ...sections: Section[]] {
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
  const [introduction = '', ...rest] = prose.split(/^## /m);
  const sections = rest.map((section) => {
    const [title = '', ...lines] = section.split('\n');
    return { title, lines };
  });
  const [heading = '', ...lines] = introduction.split('\n');
  return [{ title: heading, lines }, ...sections];
}

function hasFirstParagraph({ title, lines }: Section): boolean {
  const first = lines.find((line) => line.trim() !== '') ?? '';
  return title.startsWith('# ') && /^[A-Z*[`]/.test(first);
}

/** The section before "See also", or the last section of a page without one. */
function lastSectionOf(sections: readonly Section[]): Section | undefined {
  return sections.at(-1)?.title === 'See also' ? sections.at(-2) : sections.at(-1);
}

/** Cells of the rows of a table with the columns symptom, cause and what to do. */
function readFaults({ lines }: Section): readonly (readonly string[])[] {
  const start = lines.indexOf('| symptom | cause | what to do |');
  if (start < 0) return [];
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end < 0 ? undefined : end).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('guides and recipes begin with a paragraph before the first section', () => {
  const faulty = guides.filter(([, text]) => !hasFirstParagraph(sectionsOf(text)[0]));

  expect(guides.length).toBeGreaterThan(30);
  expect(faulty.map(([path]) => path)).toEqual([]);
});

test('guides and recipes end with the section "What can go wrong", before "See also"', () => {
  const titles = guides.map(([path, text]) => [path, lastSectionOf(sectionsOf(text))?.title]);

  expect(titles.filter(([, title]) => title !== FAULTS)).toEqual([]);
});

test('the section lists at least three symptoms, each with its cause and what to do', () => {
  const faulty = guides.filter(([, text]) => {
    const section = sectionsOf(text).find(({ title }) => title === FAULTS);
    const rows = section === undefined ? [] : readFaults(section);
    const isComplete = rows.every((cells) => cells.length === 3 && !cells.includes(''));
    return rows.length < MIN_ROWS || !isComplete;
  });

  expect(faulty.map(([path]) => path)).toEqual([]);
});
