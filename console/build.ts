/**
 * `npm run console`: builds the console into console/dist, compressed beforehand, with a list of its files that the
 * servers go by. `--if-needed`: only when it is missing or was made from other sources.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { z } from 'zod';
import type { consoleManifestSchema } from '../src/server/http/console-files.ts';
import { noticesOf } from './build/notices.ts';

const scriptBytesMax = 350_000;
const folder = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(folder);
const dist = path.join(folder, 'dist');
const manifestPath = path.join(dist, 'files.json');
type Manifest = z.infer<typeof consoleManifestSchema> & { sources: string };

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const sources = hashOfSources();
const isNeeded = !process.argv.includes('--if-needed') || builtFrom() !== sources;
if (isNeeded && existsSync(path.join(root, 'node_modules/vite'))) await build();
// Installed without what only builders need: servers run all the same, and say that they have no console.
else if (isNeeded) console.error('console: not built, since vite is not installed; npm install brings it');

async function build(): Promise<void> {
  const startedMs = Date.now();
  const { build: buildWithVite } = await import('vite');
  // Beside the old one until it is whole, so that a server never sees half a console.
  const made = `${dist}.tmp`;
  rmSync(made, { recursive: true, force: true });
  await buildWithVite({
    root: folder,
    configFile: path.join(folder, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: made, emptyOutDir: true },
  });
  const manifest: Manifest = { sources, files: filesOf(made).map((name) => describeFile(made, name)) };
  writeFileSync(path.join(made, 'NOTICES.txt'), noticesOf(root));
  writeFileSync(path.join(made, 'files.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const scriptBytes = compressedScriptBytes(made);
  if (scriptBytes > scriptBytesMax)
    throw new Error(
      `the console's scripts have ${scriptBytes} bytes compressed, more than ${scriptBytesMax}`,
    );
  mkdirSync(dist, { recursive: true });
  rmSync(dist, { recursive: true, force: true });
  renameSync(made, dist);
  console.error(
    `console: built in ${((Date.now() - startedMs) / 1000).toFixed(1)} s, ` +
      `${(scriptBytes / 1000).toFixed(0)} kB of script compressed`,
  );
}

function describeFile(made: string, name: string): Manifest['files'][number] {
  const bytes = readFileSync(path.join(made, name));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const type = types[path.extname(name)];
  if (type === undefined) throw new Error(`console: no type is known for ${name}; add it to build.ts`);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  const forms = [
    ['br', '.br', brotliCompressSync(bytes, quality)],
    ['gzip', '.gz', gzipSync(bytes, { level: 9 })],
  ] as const;
  const worth = forms.filter(([, , packed]) => packed.length < bytes.length * 0.9);
  for (const [, suffix, packed] of worth) writeFileSync(path.join(made, name + suffix), packed);
  return { path: name, type, sha256, encodings: worth.map(([encoding]) => encoding) };
}

function compressedScriptBytes(made: string): number {
  const scripts = filesOf(made).filter((name) => name.endsWith('.js.gz'));
  return scripts.reduce((sum, name) => sum + readFileSync(path.join(made, name)).length, 0);
}

function filesOf(from: string): string[] {
  return readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(from, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Of everything that the build reads, so that a checkout of other sources is noticed whatever its dates. */
function hashOfSources(): string {
  const hash = createHash('sha256');
  const own = filesOf(folder).filter((name) => !/^(dist|node_modules)|\.test\./.test(name));
  const model = filesOf(path.join(root, 'src/model')).filter((name) => !name.includes('.test.'));
  const names = [
    ...own.map((name) => path.join('console', name)),
    ...model.map((name) => path.join('src/model', name)),
    'package-lock.json',
  ];
  for (const name of names) hash.update(`${name}\n`).update(readFileSync(path.join(root, name)));
  return hash.digest('hex');
}

function builtFrom(): string | null {
  if (!existsSync(manifestPath)) return null;
  const manifest: Partial<Manifest> = JSON.parse(readFileSync(manifestPath, 'utf8'));
  return manifest.sources ?? null;
}
