import type { Journal } from '../../journal/journal.ts';
import { trimJournal, type TrimMember } from '../../journal/trim.ts';
import { textOf } from '../../model/errors.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import { every } from '../../runtime/timing.ts';
import type { ServerConfig } from '../config.ts';
import type { OwnMessages } from './own-messages.ts';

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
  readonly self: { readonly coreId: Uuid; readonly name: string };
  readonly ownMessages: OwnMessages;
}

/** Cuts from the journal, now and then, what nobody needs any more; says so when it may not. */
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
      const members = this.#ports.members();
      const { entries, isHeldBack } = trimJournal(journal, members, limits, clock.wallMs());
      if (entries > 0) log.info('entries that need not be kept were trimmed', { entries });
      if (isHeldBack) this.#sayHeldBack();
    } catch (error) {
      log.error('the journal could not be trimmed', { error: textOf(error) });
    }
  }

  /** The limits would let go of more, and it must be kept all the same. */
  #sayHeldBack(): void {
    const { journal, self, ownMessages } = this.#ports;
    const bytes = journal.heads().reduce((sum, head) => sum + head.bytes, 0);
    ownMessages.report({
      severity: 'warning',
      key: `journal-held:${self.coreId}`,
      text: `Server ${self.name} keeps ${Math.round(bytes / 1_048_576)} MiB of journal, also what journal.keepForAbsent would let go, because no majority of the servers has it, or one that is away lacks it and has what is missing here; bring back the servers that are away, or remove them`,
    });
  }
}
