import type { Files, FileStatus } from '../../runtime/files.ts';
import { sameFile, type LogPosition } from './log-position.ts';

interface Named {
  readonly path: string;
  readonly status: FileStatus;
}

type LookFiles = Pick<Files, 'list' | 'status'>;

/** Where the file of a position is now: under its own name, or renamed by a rotation. Null when it is gone. */
export async function findFile(files: LookFiles, path: string, position: LogPosition): Promise<Named | null> {
  const all = await filesInOrder(files, path);
  return all.find(({ status }) => sameFile(status, position)) ?? null;
}

/**
 * The file that was written after this one: a younger rotated one, or the one that has the name now. Null while the
 * file still has its name, or while there is no file of that name yet.
 */
export async function successorOf(
  files: LookFiles,
  path: string,
  position: LogPosition,
): Promise<Named | null> {
  const all = await filesInOrder(files, path);
  const current = all.find((file) => file.path === path) ?? null;
  if (!current || sameFile(current.status, position)) return null;
  const at = all.findIndex(({ status }) => sameFile(status, position));
  return at === -1 ? current : (all[at + 1] ?? null);
}

/**
 * Rotated files from the oldest to the youngest, then the current one. Rotated are NAME.1, NAME.2 (higher is older) and
 * NAME-20260301, NAME.2026-03-01 and the like (later is younger); compressed ones cannot be read on.
 */
async function filesInOrder(files: LookFiles, path: string): Promise<Named[]> {
  const slash = path.lastIndexOf('/');
  const folder = path.slice(0, Math.max(1, slash));
  const base = path.slice(slash + 1);
  const names = (await files.list(folder)).filter((name) => name.startsWith(base) && name !== base);
  const rotated = names.filter((name) => /^[.-]\d[\d._-]*$/.test(name.slice(base.length)));
  rotated.sort((a, b) => compareAge(a.slice(base.length), b.slice(base.length)));
  const named: Named[] = [];
  for (const name of [...rotated, base]) {
    const status = await files.status(`${folder === '/' ? '' : folder}/${name}`);
    if (status?.kind === 'file') named.push({ path: `${folder === '/' ? '' : folder}/${name}`, status });
  }
  return named;
}

/** Small numbers count rotations, and more means older; everything else is a date, and more means younger. */
function compareAge(a: string, b: string): number {
  const [numberA, numberB] = [rotationNumber(a), rotationNumber(b)];
  if (numberA !== null && numberB !== null) return numberB - numberA;
  if (numberA !== null) return 1;
  if (numberB !== null) return -1;
  return a < b ? -1 : 1;
}

function rotationNumber(suffix: string): number | null {
  const match = /^\.(\d{1,4})$/.exec(suffix);
  return match ? Number(match[1]) : null;
}
