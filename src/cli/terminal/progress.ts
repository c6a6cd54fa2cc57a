import type { Clock } from '../../runtime/clock.ts';
import type { Cli } from '../cli.ts';

const terminalEveryMs = 100;
const linesEveryMs = 2_000;

/** How far something long is, on stderr: one line that changes on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #cli: Cli;
  readonly #clock: Clock;
  readonly #text: (done: number) => string;
  #shownMs: number;
  #width = 0;

  constructor(cli: Cli, clock: Clock, text: (done: number) => string) {
    this.#cli = cli;
    this.#clock = clock;
    this.#text = text;
    this.#shownMs = clock.monotonicMs();
  }

  at(done: number): void {
    const { stderr } = this.#cli;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#shownMs < (stderr.isTerminal ? terminalEveryMs : linesEveryMs)) return;
    this.#shownMs = nowMs;
    const text = this.#text(done);
    stderr.write(stderr.isTerminal ? `\r${text.padEnd(this.#width)}` : `${text}\n`);
    this.#width = text.length;
  }

  end(): void {
    if (this.#width > 0 && this.#cli.stderr.isTerminal)
      this.#cli.stderr.write(`\r${' '.repeat(this.#width)}\r`);
    this.#width = 0;
  }
}
