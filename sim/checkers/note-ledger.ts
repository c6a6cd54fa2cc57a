import { uuidBytes } from '../../src/model/uuid.ts';
import { check } from '../world/violation.ts';
import type { DiskReader } from '../world/disk-reader.ts';

interface Answered {
  readonly text: string;
  readonly message: string;
}

/** Its own record of what operators wrote and what they were told is stored twice. */
export class NoteLedger {
  readonly #written = new Set<string>();
  readonly #stored: Answered[] = [];

  /** A text that nobody wrote before. */
  write(): string {
    const text = `note ${this.#written.size + 1}`;
    this.#written.add(text);
    return text;
  }

  /** With one copy a person is told that it is at risk. */
  answered(text: string, messages: readonly string[], copies: number): void {
    if (copies >= 2) for (const message of messages) this.#stored.push({ text, message });
  }

  get storedCount(): number {
    return this.#stored.length;
  }

  /** What one server holds in the end. */
  checkHeld(server: string, reader: DiskReader): void {
    const rows = reader.all(
      `SELECT hex(message) AS message, text FROM operations WHERE kind = 'annotate'`,
    ) as {
      message: string;
      text: string;
    }[];
    const held = new Set(rows.map(({ message, text }) => `${message} ${text}`));
    for (const { text } of rows)
      check(this.#written.has(text), 'nothing invented (I3)', () => `${server} has ${text}`);
    check(held.size === rows.length, 'applied once (I4)', () => `${server} has a note twice`);
    for (const { text, message } of this.#stored)
      check(
        held.has(`${Buffer.from(uuidBytes(message)).toString('hex').toUpperCase()} ${text}`),
        'acknowledged is kept (I2)',
        () => `${server} lacks ${text} of ${message}, answered with two copies`,
      );
  }
}
