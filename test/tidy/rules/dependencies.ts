import path from 'node:path';
import { importsOf, packageOf } from '../imports.ts';
import { finding, isCode, isTest } from '../repository.ts';
import type { Rule } from '../rule.ts';

/** The one folder that may import each package; `*` for the one that may be used everywhere. */
export const packageFolders: Readonly<Record<string, string>> = {
  zod: '*',
  '@bomb.sh/tab': 'src/cli',
  '@bufbuild/protobuf': 'src/coordination/etcd',
  '@commander-js/extra-typings': 'src/cli',
  // A second door to the outside, beside src/runtime/node: src/coordination/etcd/DESIGN.md says why.
  '@connectrpc/connect': 'src/coordination/etcd',
  '@connectrpc/connect-node': 'src/coordination/etcd',
  '@fastify/compress': 'src/server/http',
  '@fastify/swagger': 'src/server/http',
  '@peculiar/x509': 'src/security',
  '@prometheus-io/client': 'src/server',
  commander: 'src/cli',
  fastify: 'src/server/http',
  'fastify-type-provider-zod': 'src/server/http',
  'fast-check': '*',
  pino: 'src/runtime/node',
  'reflect-metadata': 'src/security',
  react: 'console',
  'react-dom': 'console',
  rolldown: 'deploy',
  vite: 'console',
  'playwright-core': 'test/browser',
  '@axe-core/playwright': 'test/browser',
  ws: 'src/runtime/node',
  yaml: 'src/runtime',
};

/** Packages whose programs or types are used and that no file imports. */
const notImported = /^@types\/|^(oxlint|oxlint-tsgolint|prettier|typescript|node-linux-.*)$/;

/** Each package is imported in one folder, stands in package.json, and is there for a reason. */
export const dependencies: Rule = {
  name: 'dependencies',
  check: (repository) => {
    const manifest = repository.files.find((file) => file.path === 'package.json');
    const declared = new Set(declaredIn(manifest?.text ?? '{}'));
    const used = new Set<string>();
    const findings: string[] = [];
    for (const file of repository.files.filter((each) => isCode(each.path)))
      for (const found of importsOf(file)) {
        const name = packageOf(found.specifier);
        if (name === null) continue;
        used.add(name);
        const text = verdict(file.path, name, declared);
        if (text !== null) findings.push(finding(file, found.offset, text));
      }
    for (const name of declared)
      if (!used.has(name) && !notImported.test(name)) findings.push(`package.json: nothing imports ${name}`);
    return findings;
  },
};

function verdict(file: string, name: string, declared: ReadonlySet<string>): string | null {
  if (!declared.has(name)) return `${name} is not in package.json`;
  const folder = packageFolders[name];
  if (folder === undefined) return `${name} is not in packageFolders of test/tidy/rules/dependencies.ts`;
  if (folder === '*' || !file.startsWith('src/') || isTest(file)) return null;
  return `${path.posix.dirname(file)}/`.startsWith(`${folder}/`) ? null : `${name} belongs in ${folder} only`;
}

function declaredIn(text: string): string[] {
  const manifest: unknown = JSON.parse(text);
  if (typeof manifest !== 'object' || manifest === null) return [];
  return Object.entries(manifest)
    .filter(([key]) => /dependencies$/i.test(key))
    .flatMap(([, value]: [string, unknown]) => Object.keys(Object(value)));
}
