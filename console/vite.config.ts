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
        // What every schema needs is evaluated before the first of them, with plain-schemas.ts in it.
        codeSplitting: { groups: [{ name: 'zod', test: /\/zod\/|plain-schemas/ }] },
      },
    },
  },
});
