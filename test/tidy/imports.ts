import path from 'node:path';
import type { SourceFile } from './repository.ts';

export interface Import {
  readonly from: SourceFile;
  readonly offset: number;
  /** As written. */
  readonly specifier: string;
  /** Path in the repository for a relative import, else null. */
  readonly path: string | null;
  /** `import type …`: gone when the program runs. */
  readonly typeOnly: boolean;
}

const pattern =
  /(?<![\w.$])(?:(?:import|export)(?<kind>\s+type\b)?[^;'"`()]*?\bfrom\s*|import\s*\(\s*|import\s+)(['"])(?<name>[^'"\n]+)\2/g;

export function importsOf(file: SourceFile): Import[] {
  return [...file.uncommented.matchAll(pattern)]
    .filter((match) => isCodeAt(file, match.index))
    .map((match) => {
      const specifier = match.groups?.['name'] ?? '';
      return {
        from: file,
        offset: match.index,
        specifier,
        path: specifier.startsWith('.')
          ? path.posix.normalize(path.posix.join(path.posix.dirname(file.path), specifier))
          : null,
        typeOnly: match.groups?.['kind'] !== undefined,
      };
    });
}

/** False inside a string, where the same words are an example. */
function isCodeAt(file: SourceFile, offset: number): boolean {
  return /[ie]/.test(file.code[offset] ?? '');
}

/** `ws` of `ws/lib/x`, `@scope/name` of `@scope/name/x`; null for relative ones and for Node's own. */
export function packageOf(specifier: string): string | null {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return null;
  const [first = '', second = ''] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}
