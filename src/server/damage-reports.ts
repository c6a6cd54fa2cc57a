import type { Damage } from '../journal/damage.ts';
import { textOf, type WatchError } from '../model/errors.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { HealthWatch } from './health.ts';
import type { OwnMessages } from './own-messages.ts';
import { rememberDamage } from './store.ts';

interface Ports {
  readonly runtime: Runtime;
  readonly data: string;
  readonly self: { readonly coreId: Uuid; readonly name: string };
  readonly ownMessages: OwnMessages;
  readonly health: HealthWatch;
  /** Whether another member is connected, who can bring everything back. */
  hasMembers(): boolean;
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

  /** Something stored here is not what it was; other members still have it. */
  journal({ origin, seq, text }: Damage): void {
    this.#report('journal-damaged', `found damage in its journal at ${origin} ${seq}: ${text}`);
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
    if (!mustEnd && !this.#ports.hasMembers()) return;
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
