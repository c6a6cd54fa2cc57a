import { rankText } from '../../model/rank.ts';
import type { ServerDefinition } from '../../model/definitions.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Log } from '../../runtime/log.ts';

interface Ports {
  readonly log: Log;
  readonly ownName: string;
  rank(): number;
}

/** The lines of the log that operators of a hot standby look for; who is promoted and why, the role recorder says. */
export class StandbyLog {
  readonly #ports: Ports;
  readonly #connected = new Set<Uuid>();

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  started(others: readonly ServerDefinition[]): void {
    const { log, ownName } = this.#ports;
    const members = others.map(({ name }) => name).join(', ');
    log.info(`standby support started: ${ownName} is the ${rankText(this.#ports.rank())} server`, {
      members,
    });
  }

  /** Called with every word of a member; the first one counts. */
  heard({ coreId, name, url }: ServerDefinition): void {
    if (this.#connected.has(coreId)) return;
    this.#connected.add(coreId);
    this.#ports.log.info(`connected to member ${name}`, { url });
  }

  lost({ coreId, name, url }: ServerDefinition): void {
    if (!this.#connected.delete(coreId)) return;
    this.#ports.log.warn(`lost member ${name}`, { url });
  }
}
