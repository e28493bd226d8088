import type { DefaultTheme, MarkdownEnv } from 'vitepress';

/** Local search. The index is a file of the site, which the browser loads when the reader opens the search. */
export const SEARCH: DefaultTheme.LocalSearchOptions = {
  miniSearch: {
    searchOptions: {
      // A page comes before its sections, and a guide before the API reference.
      boostDocument: (
        id: string,
        _term: string,
        stored: { readonly titles?: readonly string[] } | undefined,
      ) => (stored?.titles?.length === 0 ? 2 : 1) * (id.includes('/api/') ? 0.5 : 1),
    },
  },
  /** Render without highlighting, which the index does not contain and which takes half of the time. */
  _render(source: string, env: MarkdownEnv, md) {
    const { highlight } = md.options;
    md.set({ highlight: null });
    const html = md.render(source, env);
    md.set({ highlight: highlight ?? null });
    return html;
  },
};
