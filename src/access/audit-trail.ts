import { hash } from 'node:crypto';
import { encodeBody } from '../journal/body.ts';
import type { Journal } from '../journal/journal.ts';
import { auditBegin, auditText, type AuditDraft, type AuditRecord } from '../model/audit.ts';
import { textOf, WatchError } from '../model/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { TokenBuckets } from '../security/token-bucket.ts';
import { networkOf } from '../model/network-of.ts';

const recordsAtOnce = 256;
const waitingMax = 4_096;

/** What strangers may have written down about them: each address, and all of them together. */
const perAddress = { burst: 20, perMinute: 6, callersMax: 4_096 };
const together = { burst: 200, perMinute: 30, callersMax: 1 };

interface Ports {
  readonly journal: Pick<Journal, 'append'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The hash of this server's last record, of whatever run; null when it has none. */
  readonly lastHash: string | null;
}

interface Waiting {
  readonly draft: AuditDraft;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes the audit trail of this run of this server. Each record holds the hash of the one before, so one entry is under
 * way at a time, and what comes meanwhile goes into the next. A record that could not be stored is none: the number is
 * given anew.
 */
export class AuditTrail {
  readonly #ports: Ports;
  readonly #buckets: TokenBuckets;
  readonly #all: TokenBuckets;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #number = 0;
  #previous: string;
  #unwritten = 0;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#previous = ports.lastHash ?? auditBegin;
    this.#buckets = new TokenBuckets(ports.clock, perAddress);
    this.#all = new TokenBuckets(ports.clock, together);
  }

  /**
   * Resolves when the record is on this server's disk: await it before what it tells of takes effect. Errors:
   * WK_OVERLOADED, WK_DISK_FULL, WK_DISK_FAILED; what was to be done must not be done then.
   */
  record(draft: AuditDraft): Promise<void> {
    if (this.#waiting.length >= waitingMax)
      return Promise.reject(new WatchError('WK_OVERLOADED', 'too much is waiting for the audit trail'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ draft: clipped(draft), resolve, reject });
      if (!this.#isWriting) void this.#write();
    });
  }

  /** Something was refused. Written down within limits for each address, so that nobody fills the disk by asking. */
  denied(draft: Omit<AuditDraft, 'outcome'>): void {
    if (!this.#buckets.take(networkOf(draft.from)) || !this.#all.take('all')) {
      this.#unwritten++;
      return;
    }
    const more =
      this.#unwritten === 0 ? '' : ` (${this.#unwritten} refusals before this one were not written down)`;
    this.#unwritten = 0;
    const detail = (draft.detail + more).slice(0, 2_048);
    this.record({ ...draft, detail, outcome: 'denied' }).catch((error: unknown) => {
      this.#ports.log.error('a refusal could not be written into the audit trail', { error: textOf(error) });
    });
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, recordsAtOnce);
      try {
        await this.#append(batch.map(({ draft }) => draft));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isWriting = false;
  }

  async #append(drafts: readonly AuditDraft[]): Promise<void> {
    let number = this.#number;
    let previous = this.#previous;
    const records: AuditRecord[] = [];
    for (const draft of drafts) {
      const record = { ...draft, number: ++number, atMs: this.#ports.clock.wallMs(), previous };
      records.push(record);
      previous = hash('sha256', auditText(record));
    }
    const body = { records };
    await this.#ports.journal.append({ kind: 'audit', body: encodeBody('audit', body) }, body);
    this.#number = number;
    this.#previous = previous;
  }
}

/** Whatever a request brought, a record of it can be stored and read. */
function clipped(draft: AuditDraft): AuditDraft {
  return {
    ...draft,
    by: draft.by.slice(0, 256),
    from: draft.from.slice(0, 64),
    target: draft.target.slice(0, 256),
    detail: draft.detail.slice(0, 2_048),
  };
}
