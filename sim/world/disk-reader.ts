import { existsSync, statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { uuidBytes } from '../../src/model/uuid.ts';

interface Open {
  readonly inode: number;
  readonly database: DatabaseSync;
  readonly has: StatementSync;
}

/** Reads a server's file from outside, with SQL of the checkers' own, whether its process lives or not. */
export class DiskReader implements Disposable {
  readonly #path: string;
  #open: Open | null = null;

  constructor(realPath: string) {
    this.#path = realPath;
  }

  /** Null while there is no such file or no such tables yet. */
  #current(): Open | null {
    const inode = existsSync(this.#path) ? statSync(this.#path).ino : null;
    if (this.#open?.inode === inode) return this.#open;
    this.#open?.database.close();
    this.#open = null;
    if (inode === null) return null;
    const database = new DatabaseSync(this.#path, { readOnly: true });
    try {
      this.#open = { inode, database, has: database.prepare('SELECT 1 FROM messages WHERE id = ?') };
    } catch {
      database.close(); // A file that its server has not filled yet.
    }
    return this.#open;
  }

  has(id: string): boolean {
    return this.#current()?.has.get(uuidBytes(id)) !== undefined;
  }

  all(sql: string): Record<string, unknown>[] {
    return this.#current()?.database.prepare(sql).all() ?? [];
  }

  [Symbol.dispose](): void {
    this.#open?.database.close();
    this.#open = null;
  }
}
