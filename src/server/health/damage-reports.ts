import type { Damage } from '../../journal/damage.ts';
import { textOf, type WatchError } from '../../model/errors.ts';
import type { Origin, Positions } from '../../model/origin.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { HealthWatch } from './health.ts';
import type { OwnMessages } from './own-messages.ts';
import { rememberDamage } from '../store.ts';

interface Ports {
  readonly runtime: Runtime;
  readonly data: string;
  readonly self: { readonly coreId: Uuid; readonly name: string };
  readonly ownMessages: OwnMessages;
  readonly health: HealthWatch;
  readonly ownOrigin: Origin;
  /** Positions of the connected members, who can bring everything back. */
  memberPositions(): readonly Positions[];
  stop(because: string): void;
}

/** What a server does when it finds that its own data is not what was stored: it says so, and takes no role. */
export class DamageReports {
  readonly #ports: Ports;
  #ends = false;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  startedWithout(because: string): void {
    this.#report('database-damaged', `started without its database: ${because}`);
  }

  /**
   * Something stored here is not what it was. Who lacks it gets it from another member. Where nobody has it, an entry of
   * this very run would hold up all that follow it, for an origin has no gaps; so the run ends, and the next one, a new
   * origin, takes again what agents keep because it was stored once.
   */
  journal({ origin, seq, text }: Damage): void {
    this.#report('journal-damaged', `found damage in its journal at ${origin} ${seq}: ${text}`);
    const members = this.#ports.memberPositions();
    const isLost = members.length > 0 && members.every((positions) => (positions[origin] ?? 0) < seq);
    if (origin !== this.#ports.ownOrigin || !isLost) return;
    this.#ports.runtime.log.error('an entry that only this server had is damaged; a new run begins', {
      seq,
      error: text,
    });
    this.#ports.stop('an entry of its own is damaged');
  }

  /**
   * With another member at hand this run ends, and the next one fetches everything from the others; alone this server
   * goes on with what can still be read, unless it `mustEnd`. Either way it takes no role.
   */
  database(error: WatchError, mustEnd = false): void {
    if (this.#ends) return;
    const { runtime, health } = this.#ports;
    const text = textOf(error);
    health.damaged(text);
    this.#report('database-damaged', `found its database damaged: ${text}`);
    if (!mustEnd && this.#ports.memberPositions().length === 0) return;
    this.#ends = true;
    runtime.log.error('the database is damaged; this server ends and fetches everything anew', {
      error: text,
    });
    void this.#end(text);
  }

  async #end(text: string): Promise<void> {
    const { runtime, data } = this.#ports;
    await rememberDamage(runtime, data, text);
    this.#ports.stop('the database is damaged');
  }

  #report(key: string, what: string): void {
    const { ownMessages, self } = this.#ports;
    ownMessages.report({
      severity: 'critical',
      key: `${key}:${self.coreId}`,
      text: `Server ${self.name} ${what}`,
    });
  }
}
