import type { Database, Databases, OpenOptions } from '../database.ts';
import { nodeDatabases } from './database.ts';

/**
 * For tests: databases on a disk that can be filled. SQLite itself then says that there is no room for one more page,
 * while what fits into the pages that a file has is still written, as on a real disk.
 */
export class TestDisk implements Databases {
  readonly #open = new Set<Database>();
  readonly #full = new Set<string>();

  open(path: string, options: OpenOptions): Database {
    const database = nodeDatabases.open(path, options);
    this.#open.add(database);
    if (this.#full.has(path)) limit(database, 'full');
    return database;
  }

  fill(path: string): void {
    this.#full.add(path);
    for (const database of this.#at(path)) limit(database, 'full');
  }

  free(path: string): void {
    this.#full.delete(path);
    for (const database of this.#at(path)) limit(database, 'free');
  }

  #at(path: string): Database[] {
    return [...this.#open].filter((database) => database.path === path && isOpen(database));
  }
}

function limit(database: Database, how: 'full' | 'free'): void {
  const pages = database.prepare('PRAGMA page_count').get<{ page_count: number }>()?.page_count ?? 0;
  database.exec(`PRAGMA max_page_count = ${how === 'full' ? Math.max(1, pages) : 2 ** 31}`);
}

function isOpen(database: Database): boolean {
  try {
    database.prepare('SELECT 1');
    return true;
  } catch {
    // Closed by its owner meanwhile, which is no matter of the disk.
    return false;
  }
}
