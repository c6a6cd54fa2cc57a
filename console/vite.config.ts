import { defineConfig } from 'vite';

export default defineConfig({
  base: '/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic' } },
  build: {
    target: ['chrome123', 'firefox121', 'safari17.5'],
    sourcemap: false,
    // Everything is a file of its own: the content security policy allows nothing inline, data: addresses included.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        // In one chunk they are evaluated in the order of their imports: plain-schemas.ts before what it is meant for.
        codeSplitting: { groups: [{ name: 'schemas', test: /\/zod\/|\/src\/model\/|plain-schemas/ }] },
      },
    },
  },
});
