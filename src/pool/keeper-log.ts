import type { Uuid } from '../model/uuid.ts';
import type { Log } from '../runtime/log.ts';
import type { LeaseState, RoleChange, SessionChange } from './lease/lease-state.ts';

/** What a keeper's log says of roles and its session. */
export class KeeperLog {
  readonly #log: Log;
  readonly #refusals = new Map<Uuid, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  changed({ role, change, epoch, because, unheldMs }: RoleChange, state: LeaseState): void {
    const positions = state.server?.alive?.positions ?? '{}';
    this.#log.info(`role ${change}`, { role, epoch, because, unheldMs, positions });
  }

  session(what: SessionChange, incarnation: string, { own }: LeaseState): void {
    this.#refusals.clear();
    if (what === 'confirmed')
      this.#log.warn('the coordinator is away: every member leaves us what we hold', { incarnation });
    else if (what === 'lapsed')
      this.#log.warn('session lapsed', {
        incarnation,
        notConfirmedBy: own?.rounds.at(-1)?.waiting.join(' ') ?? '',
      });
    else this.#log.info(`session ${what}`, { incarnation });
  }

  /** Asked again at every renewal; said once for each answer. */
  refused(by: Uuid, because: string): void {
    if (this.#refusals.get(by) === because) return;
    this.#refusals.set(by, because);
    this.#log.warn('the coordinator is away, and a member does not leave us what we hold', { by, because });
  }
}
