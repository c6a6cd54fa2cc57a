import { encodeBody } from '../../journal/body.ts';
import type { Journal } from '../../journal/journal.ts';
import { actingRole, isPlanned } from '../../model/definitions.ts';
import { spanText } from '../../model/duration.ts';
import type { EntryBody, Handover } from '../../model/entry.ts';
import { textOf } from '../../model/errors.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Grant } from '../../pool/grants.ts';
import type { Clock, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { sleep } from '../../runtime/timing.ts';
import type { Grants } from './grants.ts';
import type { OwnMessages } from '../health/own-messages.ts';

const againMs = 500;

interface Ports {
  readonly journal: Pick<Journal, 'append' | 'positions'>;
  readonly grants: Grants;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly ownMessages: Pick<OwnMessages, 'report'>;
  readonly ownName: string;
  serverName(coreId: Uuid): string;
}

/**
 * Writes down each change of a role where it happens, at the new holder: as its takeover in the journal, from which
 * every server knows the history, and as a message. Whoever carries a role calls `took` when it begins to act, so that
 * the time without a holder is the one that people met.
 */
export class RoleRecorder {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Resolves with true when the takeover is on disk, with false when the role was lost before that. */
  async took(grant: Grant): Promise<boolean> {
    const { journal, grants, timers, log } = this.#ports;
    const { role, epoch } = grant;
    const handover = this.#handover(grant);
    const isHeld = (): boolean => grants.current(role)?.epoch === epoch;
    while (isHeld()) {
      const body: EntryBody<'takeover'> = { role, epoch, positions: { ...journal.positions() }, handover };
      try {
        await journal.append({ kind: 'takeover', body: encodeBody('takeover', body) }, body);
        this.#report(role, epoch, handover);
        return isHeld();
      } catch (error) {
        log.error('a takeover could not be stored; tried again', { role, epoch, error: textOf(error) });
      }
      await sleep(timers, againMs);
    }
    return false;
  }

  #handover({ because, before }: Grant): Handover {
    const freeSinceMs = before?.freeSinceMs ?? null;
    const unheldMs =
      freeSinceMs === null ? null : Math.max(0, Math.round(this.#ports.clock.wallMs() - freeSinceMs));
    return { because, from: before?.holder ?? null, fromEpoch: before?.epoch ?? 0, unheldMs };
  }

  #report(role: string, epoch: number, { because, from, unheldMs }: Handover): void {
    const { ownMessages, ownName, log } = this.#ports;
    const previous = from === null ? null : this.#ports.serverName(from);
    const gap = unheldMs === null ? '' : `; nobody held it for ${spanText(unheldMs)}`;
    const what =
      previous === null
        ? `is held by ${ownName}`
        : previous === ownName
          ? `is held by ${ownName} again`
          : `moved from ${previous} to ${ownName}`;
    // The line that operators of a hot standby look for.
    const duty = role === actingRole ? 'the acting server' : `the holder of ${role}`;
    log.info(`promoted ${ownName} as ${duty} because ${because}`, { role, epoch, from: previous, unheldMs });
    ownMessages.report({
      severity: isPlanned(because) ? 'normal' : 'warning',
      key: `role-change:${role}:${epoch}`,
      object: role,
      text: `Role ${role} ${what}, epoch ${epoch}: ${because}${gap}`,
    });
  }
}
