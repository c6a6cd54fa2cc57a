import { z } from 'zod';
import type { Pool } from '../../model/definitions.ts';
import type { Files } from '../../runtime/files.ts';

const knownSchema = z.object({ lineage: z.uuid(), revision: z.int().min(0) });
const noteEveryMs = 5_000;

/**
 * What this machine knows of the coordinator, so that its word for it is worth something: it was neither put back nor is it
 * another one, unless an operator has confirmed that.
 */
export class KnownCoordinator {
  readonly #files: Pick<Files, 'status' | 'readText' | 'writeAtomic'>;
  readonly #path: string;
  #known: z.infer<typeof knownSchema> | null = null;
  #notedMs = -Infinity;

  constructor(files: Pick<Files, 'status' | 'readText' | 'writeAtomic'>, path: string) {
    this.#files = files;
    this.#path = path;
  }

  /** Why nobody should rely on it; null when it is the one that was known, or follows on it, and then it is noted. */
  async judge(pool: Pool, revision: number, nowMs: number): Promise<string | null> {
    this.#known ??= await this.#read();
    const known = this.#known;
    const follows = known !== null && (pool.before ?? []).includes(known.lineage);
    if (known !== null && pool.lineage !== known.lineage && !follows)
      return 'it is another one, or was rebuilt';
    if (known?.lineage === pool.lineage && revision < known.revision)
      return 'it went back to an earlier state';
    this.#known = { lineage: pool.lineage, revision };
    if (known?.lineage !== pool.lineage || nowMs - this.#notedMs > noteEveryMs) {
      this.#notedMs = nowMs;
      await this.#files.writeAtomic(this.#path, `${JSON.stringify(this.#known)}\n`, 0o600);
    }
    return null;
  }

  async #read(): Promise<z.infer<typeof knownSchema> | null> {
    if ((await this.#files.status(this.#path)) === null) return null;
    return knownSchema.parse(JSON.parse(await this.#files.readText(this.#path, 4_096)));
  }
}
