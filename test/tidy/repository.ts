import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { codeOnly } from './code-only.ts';

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text with the inside of comments blanked out, lines and columns kept. */
  readonly uncommented: string;
  /** As `uncommented`, with the inside of strings blanked out too. */
  readonly code: string;
}

/** The text files of the repository, whether or not they are committed, so that a rule can be tried on a fake one. */
export interface Repository {
  readonly files: readonly SourceFile[];
  /** Every path, folders included. */
  readonly paths: ReadonlySet<string>;
}

const ignoredFolders = new Set(['node_modules', '.git', '.cache', 'coverage', 'dist']);
const textFile = /\.(ts|tsx|js|json|md|yml|yaml|sh|sql|css|html|service)$|^\.ci\/run$|^plugins\//;

export function readRepository(root: string): Repository {
  const texts: [string, string][] = [];
  const others: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const name = path.posix.join(folder, entry.name);
      others.push(name);
      if (entry.isDirectory() && !ignoredFolders.has(entry.name)) walk(name);
      else if (entry.isFile() && textFile.test(name))
        texts.push([name, readFileSync(path.join(root, name), 'utf8')]);
    }
  };
  walk('');
  return repositoryOf(Object.fromEntries(texts), others);
}

export function repositoryOf(
  texts: Readonly<Record<string, string>>,
  otherPaths: readonly string[] = [],
): Repository {
  const files = Object.entries(texts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => ({ path: name, text, ...(isCode(name) ? codeOnly(text) : plain(text)) }));
  const paths = new Set(otherPaths);
  for (const file of files)
    for (let name = file.path; name !== '.'; name = path.posix.dirname(name)) paths.add(name);
  return { files, paths };
}

export function isCode(name: string): boolean {
  return /\.(ts|tsx|js)$/.test(name);
}

/** Tests, and what only tests may use: `test-NAME.ts` and all of a folder `testing`. */
export function isTest(name: string): boolean {
  return /\.test\.tsx?$|\/test-[\w-]+\.ts$|\/testing\//.test(name);
}

/** Made by a tool from something else, which is what people read and change. */
export function isGenerated(name: string): boolean {
  return name.includes('/generated/');
}

function plain(text: string): { uncommented: string; code: string } {
  return { uncommented: text, code: text };
}

/** One finding as every rule words it: where, and what to do. */
export function finding(file: SourceFile, offset: number, text: string): string {
  return `${file.path}:${file.text.slice(0, offset).split('\n').length} ${text}`;
}
