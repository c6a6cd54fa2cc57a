import { renderLine, type Line } from './line.ts';

/** The part of a terminal that a picture needs; process.stdout is one. */
export interface Terminal {
  /** Null or missing where it has no size. */
  readonly columns?: number | null;
  readonly rows?: number | null;
  write(text: string): void;
}

const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const clearLine = '\u001b[K';
const clearBelow = '\u001b[J';
/** Asks a terminal that knows how to hold back drawing until the picture is whole; others ignore it. */
const [begin, end] = ['\u001b[?2026h', '\u001b[?2026l'];

/**
 * Redraws a picture in place: in the alternate screen, so that what was on the terminal before comes back, and
 * written at once, each line cleared only to its right, so that nothing flickers.
 */
export class Screen {
  readonly #terminal: Terminal;
  readonly #colour: boolean;
  #open = false;
  #last = '';

  constructor(terminal: Terminal, colour: boolean) {
    this.#terminal = terminal;
    this.#colour = colour;
  }

  get rows(): number {
    return this.#terminal.rows ?? 24;
  }

  get columns(): number {
    return this.#terminal.columns ?? 80;
  }

  show(lines: readonly Line[]): void {
    const width = this.columns;
    const drawn = lines
      .slice(0, this.rows)
      .map((line) => renderLine(line, width, this.#colour) + clearLine)
      .join('\r\n');
    const key = `${width}x${this.rows} ${drawn}`;
    if (this.#open && key === this.#last) return;
    this.#terminal.write(`${this.#open ? '' : enter}${begin}${home}${drawn}${clearBelow}${end}`);
    this.#open = true;
    this.#last = key;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#terminal.write(leave);
  }
}
