import { z } from 'zod';
import type { Files } from '../../runtime/files.ts';

const rosterSchema = z.object({
  endpoints: z
    .array(z.url({ protocol: /^https?$/ }))
    .min(1)
    .max(9),
});

/**
 * The members of etcd as this machine knew them last. All processes of the machine share the file: what one of them
 * learns the others find there, and the next start begins with it, however old the configuration is.
 */
export class Roster {
  readonly #files: Pick<Files, 'status' | 'readText' | 'writeAtomic'>;
  readonly #path: string;

  constructor(files: Pick<Files, 'status' | 'readText' | 'writeAtomic'>, path: string) {
    this.#files = files;
    this.#path = path;
  }

  /** Null where nothing was learned yet, and for what is no roster: the configuration knows members too. */
  async read(): Promise<readonly string[] | null> {
    if ((await this.#files.status(this.#path)) === null) return null;
    try {
      return rosterSchema.parse(JSON.parse(await this.#files.readText(this.#path, 65_536))).endpoints;
    } catch {
      return null;
    }
  }

  write(endpoints: readonly string[]): Promise<void> {
    return this.#files.writeAtomic(this.#path, `${JSON.stringify({ endpoints })}\n`, 0o600);
  }
}
