import type { DepotBytes, DepotFiles } from '../model/depot.ts';
import { WatchError } from '../model/errors.ts';

/** A word of a command that stands for the path of a file of the depot: `depot:check_disk`. */
const reference = /^depot:([A-Za-z0-9][A-Za-z0-9._-]{0,62})$/;

/** The name in `depot:NAME`; null for any other word. */
export function depotNameIn(word: string): string | null {
  return reference.exec(word)?.[1] ?? null;
}

/** Names of the files that these words need, each once. */
export function depotNamesIn(words: readonly string[]): string[] {
  return [...new Set(words.flatMap((word) => depotNameIn(word) ?? []))];
}

/** Which words name files, counted from 0. */
export function depotPlacesIn(words: readonly string[]): { readonly at: number; readonly name: string }[] {
  return words.flatMap((word, at) => {
    const name = depotNameIn(word);
    return name === null ? [] : [{ at, name }];
  });
}

/** The same of what an author wrote, which may be no policy at all. */
export function depotNamesOf(source: Readonly<Record<string, unknown>>): string[] {
  const command = source['command'];
  const words = Array.isArray(command) ? command : [];
  return depotNamesIn(words.filter((word): word is string => typeof word === 'string'));
}

/** The files that words name, each digest once. WK_BAD_REQUEST for one that was not sent along. */
export function depotFilesFor(words: readonly string[], files: DepotFiles = {}): DepotBytes[] {
  const found = depotNamesIn(words).map((name) => fileOf(name, files));
  return [...new Map(found.map((file) => [file.sha256, file])).values()];
}

/**
 * What an author wrote, with the paths in place of `depot:NAME`. For words of definitions only: what somebody typed as a
 * parameter is never looked at. WK_BAD_REQUEST for a file that was not sent along.
 */
export function resolveDepotWords(
  words: readonly string[],
  files: DepotFiles = {},
  pathOf: (sha256: string) => string,
): string[] {
  return words.map((word) => {
    const name = depotNameIn(word);
    return name === null ? word : pathOf(fileOf(name, files).sha256);
  });
}

function fileOf(name: string, files: DepotFiles): DepotBytes {
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (file === undefined) throw new WatchError('WK_BAD_REQUEST', `there is no depot file ${name}`);
  return file;
}
