/**
 * `npm run pack [-- --out FOLDER] [-- --arch x64|arm64]`: one archive that installs on a bare Debian machine. Prints its
 * path and size; `--json` as one document.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { version } from '../src/model/version.ts';

const bytesMax = 60_000_000;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** Found through any number of links, since /usr/local/bin has one. */
const launcher = `#!/bin/sh
home=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$home/lib/node" "$home/lib/program/watchkeeper.js" "$@"
`;

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: path.join(root, 'dist') },
    arch: { type: 'string', default: process.arch },
    json: { type: 'boolean', default: false },
  },
});

const name = `watchkeeper-${version}-linux-${values.arch}`;
const staging = mkdtempSync(path.join(tmpdir(), 'watchkeeper-pack-'));
try {
  const folder = path.join(staging, name);
  say('building the console');
  execFileSync(process.execPath, [path.join(root, 'console/build.ts'), '--if-needed'], { stdio: 'inherit' });
  say('bundling the program');
  await bundle(folder);
  say('copying Node, plugins, units and documents');
  copyRest(folder);
  say('compressing');
  const archive = compress();
  const { size } = statSync(archive);
  if (size > bytesMax) throw new Error(`${archive} has ${size} bytes, more than ${bytesMax}`);
  if (values.json) console.log(JSON.stringify({ archive, bytes: size, version, arch: values.arch }));
  else console.log(`${archive} (${(size / 1e6).toFixed(1)} MB)`);
} finally {
  rmSync(staging, { recursive: true, force: true });
}

/** One file for what every command needs and one for each command, as the sources are loaded. */
async function bundle(folder: string): Promise<void> {
  const build = await rolldown({
    input: path.join(root, 'bin/watchkeeper.js'),
    platform: 'node',
    logLevel: 'warn',
  });
  await build.write({
    dir: path.join(folder, 'lib'),
    format: 'esm',
    entryFileNames: 'program/watchkeeper.js',
    chunkFileNames: 'program/[name]-[hash].js',
    minify: { compress: true, mangle: false },
  });
  await build.close();
  writeFileSync(path.join(folder, 'lib/package.json'), `${JSON.stringify({ type: 'module', version })}\n`);
}

function copyRest(folder: string): void {
  const node = path.join(root, `node_modules/node-linux-${values.arch}/bin/node`);
  if (!existsSync(node))
    throw new Error(
      `Node for ${values.arch} is not installed; run npm install --cpu ${values.arch} node-linux-${values.arch}`,
    );
  mkdirSync(path.join(folder, 'bin'), { recursive: true });
  cpSync(node, path.join(folder, 'lib/node'));
  writeFileSync(path.join(folder, 'bin/watchkeeper'), launcher);
  chmodSync(path.join(folder, 'bin/watchkeeper'), 0o755);
  for (const part of ['docs', 'LICENSE', 'README.md', 'CHANGELOG.md'])
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  cpSync(path.join(root, 'plugins'), path.join(folder, 'lib/plugins'), { recursive: true });
  cpSync(path.join(root, 'console/dist'), path.join(folder, 'lib/console/dist'), { recursive: true });
  cpSync(path.join(root, 'deploy/units'), path.join(folder, 'units'), { recursive: true });
  for (const script of ['install.sh', 'run-etcd.sh'])
    cpSync(path.join(root, 'deploy', script), path.join(folder, script));
}

function compress(): string {
  mkdirSync(values.out, { recursive: true });
  const archive = path.join(values.out, `${name}.tar.gz`);
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name'];
  execFileSync('tar', [...owner, '-C', staging, '-I', 'gzip -9', '-cf', archive, name], { stdio: 'inherit' });
  return archive;
}

function say(what: string): void {
  process.stderr.write(`${what} …\n`);
}
