import { decodeEntry } from '../journal/decode-entry.ts';
import type { AuditRecord } from '../model/audit.ts';
import type { Entry } from '../model/entry.ts';
import type { Origin } from '../model/origin.ts';
import { networkOf } from '../model/network-of.ts';
import { absoluteMs } from './session-token.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';
import type { UserSessions } from './user-sessions.ts';

const familiarMax = 20_000;

/** Addresses that users have signed in from, the most recent last. */
export class FamiliarAddresses {
  readonly #known = new Set<string>();

  add(name: string, address: string): void {
    const key = `${name} ${networkOf(address)}`;
    this.#known.delete(key);
    this.#known.add(key);
    if (this.#known.size <= familiarMax) return;
    const [oldest] = this.#known;
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  has(name: string, address: string): boolean {
    return this.#known.has(`${name} ${networkOf(address)}`);
  }
}

interface WatchPorts {
  readonly ownOrigin: Origin;
  readonly sessions: Pick<UserSessions, 'heardEnded'>;
  readonly throttle: SignInThrottle;
  readonly familiar: FamiliarAddresses;
  /** Every record, whatever it is of. */
  changed(record: AuditRecord): void;
}

/**
 * What this server learns from the audit trails of all servers, its own included: sessions that were ended, sign-ins
 * that failed elsewhere, and where users usually sign in from. The trail travels with the journals, so all of it holds
 * in the whole pool, also while the coordinator is away.
 */
export class AccessWatch {
  readonly #ports: WatchPorts;

  constructor(ports: WatchPorts) {
    this.#ports = ports;
  }

  /** For `Journal.onCommit`. */
  committed(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.kind !== 'audit') continue;
      const decoding = decodeEntry(entry);
      if (!('body' in decoding) || decoding.body.kind !== 'audit') continue;
      for (const record of decoding.body.value.records) this.#take(record, entry.origin);
    }
  }

  #take(record: AuditRecord, origin: Origin): void {
    const { action, outcome, target, session, from, atMs } = record;
    const { sessions, throttle, familiar, ownOrigin } = this.#ports;
    this.#ports.changed(record);
    if (action === 'session.end' && outcome === 'allowed' && session !== null)
      sessions.heardEnded(session, atMs + absoluteMs);
    // Somebody else's session: the record's own is that of who ended it.
    if (action === 'session.revoke' && outcome === 'allowed') sessions.heardEnded(target, atMs + absoluteMs);
    if (action !== 'session.create') return;
    if (outcome === 'allowed') familiar.add(target, from);
    // Our own were counted when they happened.
    else if (origin !== ownOrigin) throttle.takeTold(target, from, familiar.has(target, from));
  }
}
