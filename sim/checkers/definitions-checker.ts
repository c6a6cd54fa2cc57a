import type { Item } from '../../src/coordination/coordination.ts';
import { keys } from '../../src/model/definitions.ts';
import { check } from '../world/violation.ts';
import type { DiskReader } from '../world/disk-reader.ts';

const mirrorSql = 'SELECT key, value, revision FROM definitions_mirror';

/** No server goes back to an older definition than it had (I26), and in the end all have the coordinator's. */
export class DefinitionsChecker {
  /** By server: the pool's record there, and the revision of each key. Another lineage counts from the beginning. */
  readonly #seen = new Map<string, { readonly lineage: string; readonly revisions: Map<string, number> }>();

  see(server: string, reader: DiskReader): void {
    const rows = rowsOf(reader);
    const lineage = lineageOf(rows);
    const before = this.#seen.get(server);
    const revisions = before?.lineage === lineage ? before.revisions : new Map<string, number>();
    this.#seen.set(server, { lineage, revisions });
    for (const { key, revision } of rows) {
      const known = revisions.get(key) ?? 0;
      check(
        revision >= known,
        'definitions never go back (I26)',
        () => `${server}: ${key} at ${revision}, was at ${known}`,
      );
      revisions.set(key, revision);
    }
  }

  /** Its disk is gone, or lost what it held last: what was seen there counts no more. */
  forget(server: string): void {
    this.#seen.delete(server);
  }

  /** Why a server does not have what the coordinator has; null when it has. */
  differs(reader: DiskReader, items: readonly Item[]): string | null {
    const wanted = new Map(items.map((item) => [item.key, item]));
    const rows = rowsOf(reader);
    const wrong = rows.find(({ key, revision }) => wanted.get(key)?.revision !== revision);
    if (wrong) return `${wrong.key} at ${wrong.revision}, not ${wanted.get(wrong.key)?.revision ?? 'none'}`;
    const missing = items.find(({ key }) => !rows.some((row) => row.key === key));
    return missing === undefined ? null : `${missing.key} is missing`;
  }

  isEmpty(reader: DiskReader): boolean {
    return rowsOf(reader).length === 0;
  }
}

/** It changes only when a person confirms a coordinator that was restored. */
function lineageOf(rows: readonly Item[]): string {
  const pool = rows.find(({ key }) => key === keys.pool);
  return pool === undefined ? '' : ((JSON.parse(pool.value) as { lineage?: string }).lineage ?? '');
}

function rowsOf(reader: DiskReader): Item[] {
  return reader.all(mirrorSql) as unknown as Item[];
}
