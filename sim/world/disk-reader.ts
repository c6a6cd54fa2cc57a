import { statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { uuidBytes } from '../../src/model/uuid.ts';

interface Open {
  readonly inode: number;
  readonly database: DatabaseSync;
  /** Prepared once: some are asked every simulated second. */
  readonly statements: Map<string, StatementSync>;
}

/** Reads a process's database from outside, with SQL of the checkers' own, whether the process lives or not. */
export class DiskReader implements Disposable {
  readonly #path: string;
  #open: Open | null = null;

  constructor(realPath: string) {
    this.#path = realPath;
  }

  /** Null while there is no such file, or the tables in question are not there yet. */
  #statement(sql: string): StatementSync | null {
    const open = this.#current();
    if (open === null) return null;
    const known = open.statements.get(sql);
    if (known) return known;
    try {
      const statement = open.database.prepare(sql);
      open.statements.set(sql, statement);
      return statement;
    } catch {
      this.close(); // A file that its process has not filled yet.
      return null;
    }
  }

  #current(): Open | null {
    const inode = statSync(this.#path, { throwIfNoEntry: false })?.ino ?? null;
    if (this.#open?.inode === inode) return this.#open;
    this.close();
    if (inode === null) return null;
    const database = new DatabaseSync(this.#path, { readOnly: true });
    this.#open = { inode, database, statements: new Map() };
    return this.#open;
  }

  has(id: string): boolean {
    return this.#statement('SELECT 1 FROM messages WHERE id = ?')?.get(uuidBytes(id)) !== undefined;
  }

  all(sql: string): Record<string, unknown>[] {
    return this.#statement(sql)?.all() ?? [];
  }

  close(): void {
    this.#open?.database.close();
    this.#open = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
