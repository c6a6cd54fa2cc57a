import { z } from 'zod';
import { auditDraftSchema, type AuditDraft } from '../../model/audit.ts';
import { textOf } from '../../model/errors.ts';
import { parseJson } from '../../model/parse-json.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { every } from '../../runtime/timing.ts';
import { serverPaths } from '../server-paths.ts';

const lookEveryMs = 2_000;
const readBytesMax = 1_048_576;
const takenSchema = z.object({ bytes: z.int().min(0) });

interface Ports {
  readonly runtime: Pick<Runtime, 'files' | 'timers' | 'log'>;
  readonly data: string;
  record(draft: AuditDraft): Promise<void>;
}

/**
 * Takes what commands of this machine have done to the coordinator into the audit trail. They note it in a file beside
 * the data, whether a server runs or not; how far the file was taken is noted beside it. A server that is ended in between
 * takes the last ones once more, and their numbers show it. The file only grows: it has one line for each such command.
 */
export class LocalCommands {
  readonly #ports: Ports;
  readonly #path: string;
  readonly #takenPath: string;
  #taken = 0;
  #timer: Timer | null = null;

  constructor(ports: Ports) {
    const paths = serverPaths(ports.data);
    this.#ports = ports;
    this.#path = paths.localCommands;
    this.#takenPath = paths.localCommandsTaken;
  }

  /** A server that has no authority's key takes none. */
  async start(): Promise<void> {
    const { files, timers } = this.#ports.runtime;
    if ((await files.status(serverPaths(this.#ports.data).authority)) === null) return;
    // Made by the server's own user, so that it can read what root adds to it.
    await files.append(this.#path, new Uint8Array(), { mode: 0o600, sync: false });
    if ((await files.status(this.#takenPath)) !== null)
      this.#taken = takenSchema.parse(JSON.parse(await files.readText(this.#takenPath, 1_000))).bytes;
    this.#timer = every(timers, lookEveryMs, () => this.#look(), 0);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  async #look(): Promise<void> {
    try {
      while (this.#timer !== null && (await this.#take()));
    } catch (error) {
      this.#ports.runtime.log.error('commands of this machine could not be taken into the audit trail yet', {
        error: textOf(error),
      });
    }
  }

  /** Whether there was anything; it may not have been all. */
  async #take(): Promise<boolean> {
    const { files } = this.#ports.runtime;
    const sizeBytes = (await files.status(this.#path))?.sizeBytes ?? 0;
    // Somebody has put another file there: what is in it was not taken yet.
    if (sizeBytes < this.#taken) this.#taken = 0;
    if (sizeBytes === this.#taken) return false;
    const bytes = await this.#read();
    const end = bytes.lastIndexOf(10) + 1;
    if (end === 0 && bytes.length < readBytesMax) return false;
    const lines = new TextDecoder().decode(bytes.subarray(0, end)).split('\n').slice(0, -1);
    await Promise.all(lines.map((line) => this.#record(line)));
    this.#taken += end === 0 ? bytes.length : end;
    await files.writeAtomic(this.#takenPath, JSON.stringify({ bytes: this.#taken }), 0o600);
    return true;
  }

  async #read(): Promise<Uint8Array> {
    const file = await this.#ports.runtime.files.open(this.#path);
    try {
      return await file.read(this.#taken, readBytesMax);
    } finally {
      await file.close();
    }
  }

  async #record(line: string): Promise<void> {
    const parsed = auditDraftSchema.safeParse(parseJson(line));
    if (parsed.success) return this.#ports.record(parsed.data);
    this.#ports.runtime.log.error('a line of the commands of this machine cannot be read, and is left out', {
      path: this.#path,
    });
  }
}
