import { ENTRY_POINTS } from './.vitepress/reference/entry-points.js';

/** @type {Partial<import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions>} */
export default {
  name: 'API reference',
  entryPoints: ENTRY_POINTS.map(({ source }) => `../${source}`),
  tsconfig: '../tsconfig.build.json',
  plugin: ['typedoc-plugin-markdown', './.vitepress/reference/shape-reference.js'],
  out: 'api',
  router: 'member',
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  parametersFormat: 'table',
  useCodeBlocks: true,
  sanitizeComments: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true, rewrittenLink: true },
  requiredToBeDocumented: [
    ...['Enum', 'EnumMember', 'Variable', 'Function', 'Class', 'Interface'],
    ...['Property', 'Method', 'Accessor', 'TypeAlias'],
  ],
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
};
