import { WatchError } from '../../../model/errors.ts';

/** Cuts bytes into lines at each line feed; a line longer than `lineBytesMax` is an error, never kept in memory. */
export class LineSplitter {
  readonly #lineBytesMax: number;
  #parts: Buffer[] = [];
  #partBytes = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** The lines that `chunk` completes, without their line ends. Throws WK_TOO_LARGE. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      this.#keep(chunk.subarray(from, at));
      lines.push(this.#take());
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  /** What stands after the last line feed, or null. */
  rest(): string | null {
    return this.#partBytes > 0 ? this.#take() : null;
  }

  #keep(part: Buffer): void {
    this.#partBytes += part.length;
    if (this.#partBytes > this.#lineBytesMax)
      throw new WatchError('WK_TOO_LARGE', `a line is longer than ${this.#lineBytesMax} bytes`);
    if (part.length > 0) this.#parts.push(part);
  }

  #take(): string {
    const line = Buffer.concat(this.#parts).toString();
    this.#parts = [];
    this.#partBytes = 0;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}

export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  lineBytesMax: number,
): AsyncGenerator<string> {
  const splitter = new LineSplitter(lineBytesMax);
  for await (const chunk of chunks) yield* splitter.push(chunk);
  const rest = splitter.rest();
  if (rest !== null) yield rest;
}
