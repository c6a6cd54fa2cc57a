/**
 * The addresses of the console's pages. A server answers each of them with the same document, which looks at the
 * address itself; the console makes its links from them. Nothing else falls back to that document.
 */
export const consolePages = {
  overview: '/',
  messages: '/messages',
  message: '/messages/:id',
  pool: '/pool',
  nodes: '/nodes',
  configuration: '/configuration',
  users: '/users',
  audit: '/audit',
  setup: '/setup',
} as const;

/** Where the document's scripts, styles and pictures lie; their names change with their content. */
export const consoleAssets = '/assets/:file';
