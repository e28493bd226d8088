/** A fenced code block of a page. */
export interface FencedBlock {
  readonly page: string;
  /** Line of the fence, from 1. */
  readonly line: number;
  /** Empty if the fence names none. */
  readonly language: string;
  /** Comment above the block: `run: name`, `drill: name`, `file: path` or `not run: reason`. */
  readonly claim?: { readonly kind: string; readonly value: string };
  readonly code: string;
}

/** All fenced code blocks of pages, without the indentation of lists. */
export function readFencedBlocks(pages: ReadonlyMap<string, string>): readonly FencedBlock[] {
  return [...pages].flatMap(([page, text]) => {
    const fences = text.matchAll(/^( *)(`{3,})(\w*)[^\n]*\n([\s\S]*?)^\1\2$/gm);
    return [...fences].map(({ index, 1: indentation = '', 3: language = '', 4: code = '' }) => {
      const before = text.slice(0, index).split('\n');
      const comment = /^ *<!-- (run|drill|file|not run): (.+) -->$/.exec(before.at(-2) ?? '');
      const [, kind, value] = comment ?? [];
      return {
        ...{ page, line: before.length, language },
        ...(kind === undefined || value === undefined ? {} : { claim: { kind, value } }),
        code: code.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''),
      };
    });
  });
}
