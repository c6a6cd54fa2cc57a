import type { Journal } from '../journal/journal.ts';
import { trimJournal, type TrimMember } from '../journal/trim.ts';
import { textOf } from '../model/errors.ts';
import type { Clock, Timer, Timers } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { every } from '../runtime/timing.ts';
import type { ServerConfig } from './config.ts';

const trimEveryMsMax = 30_000;

interface Ports {
  readonly journal: Journal;
  readonly limits: ServerConfig['journal'];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** How far every other server of the pool is. */
  members(): TrimMember[];
}

/** Cuts from the journal, now and then, what every member has and nobody needs to keep. */
export class JournalTrimming {
  readonly #ports: Ports;
  readonly #timer: Timer;

  constructor(ports: Ports) {
    this.#ports = ports;
    const everyMs = Math.min(trimEveryMsMax, Math.max(100, ports.limits.keepMs));
    this.#timer = every(ports.timers, everyMs, () => this.#trim(), ports.random.int(everyMs));
  }

  close(): void {
    this.#timer.cancel();
  }

  #trim(): void {
    const { journal, limits, clock, log } = this.#ports;
    try {
      const entries = trimJournal(journal, this.#ports.members(), limits, clock.wallMs());
      if (entries > 0) log.info('entries that every member has were trimmed', { entries });
    } catch (error) {
      log.error('the journal could not be trimmed', { error: textOf(error) });
    }
  }
}
