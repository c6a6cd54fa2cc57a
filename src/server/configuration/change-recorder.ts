import type { Coordination } from '../../coordination/coordination.ts';
import type { ConfigNow } from '../../definitions/config-now.ts';
import type { Mirror } from '../../definitions/mirror.ts';
import { encodeBody } from '../../journal/body.ts';
import type { Journal } from '../../journal/journal.ts';
import type { DefinitionHistory } from '../../messages/definition-history.ts';
import {
  definitionChangeSchema,
  type DefinitionChange,
  type JournaledChange,
} from '../../model/definition-change.ts';
import { actingRole, keys } from '../../model/definitions.ts';
import { textOf } from '../../model/errors.ts';
import { uuidV7 } from '../../model/uuid.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import { every } from '../../runtime/timing.ts';
import type { Copies } from '../health/copies.ts';
import type { Grants } from '../roles/grants.ts';
import { HistoryCompletion } from './history-completion.ts';
import type { PoolView } from '../views/pool-view.ts';

const lookEveryMs = 5_000;
/** Whoever wrote a change has had that long to write it down; then the acting server does. */
const leftMs = 5_000;
const againMs = 60_000;

interface Ports {
  readonly coordination: Coordination;
  readonly journal: Pick<Journal, 'append'>;
  readonly history: DefinitionHistory;
  readonly mirror: Pick<Mirror, 'entries' | 'get' | 'revisionOf' | 'onChange' | 'live'>;
  readonly now: ConfigNow;
  readonly pool: Pick<PoolView, 'pool' | 'generation' | 'generationOf'>;
  readonly copies: Pick<Copies, 'wait' | 'wanted' | 'atRisk'>;
  readonly grants: Pick<Grants, 'current'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Brings every change of a definition into the journals. It is in the coordinator first, beside the definition and in the same
 * transaction; whoever wrote it appends it to its own journal and takes it out of the coordinator when a second server
 * has it too. What its writer left there, the acting server takes.
 */
export class ChangeRecorder {
  readonly #ports: Ports;
  /** When each change in the coordinator was met here, or tried last. */
  readonly #met = new Map<string, number>();
  readonly #writing = new Map<string, Promise<void>>();
  readonly #completion: HistoryCompletion;
  #listener: { close(): void } | null = null;
  #timer: Timer | null = null;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#completion = new HistoryCompletion({ ...ports, append: (changes) => this.#journal(changes) });
  }

  start(): void {
    const { mirror, timers, random } = this.#ports;
    this.#listener = mirror.onChange((changed) => this.#changed(changed));
    this.#timer = every(timers, lookEveryMs, () => this.#look(), random.int(lookEveryMs));
  }

  close(): void {
    this.#listener?.close();
    this.#timer?.cancel();
  }

  /** What is to be written in the same transaction as the definitions themselves. */
  draft(change: Omit<DefinitionChange, 'atMs'>): { readonly key: string; readonly value: string } {
    const { clock, random } = this.#ports;
    const atMs = clock.wallMs();
    const key = keys.definitionChange(uuidV7(atMs, random.bytes(10)));
    return { key, value: JSON.stringify({ atMs, ...change }) };
  }

  /** The transaction is done and this server's copy has it: resolves when it is in our own journal. */
  async written(key: string): Promise<void> {
    const { mirror } = this.#ports;
    const change = mirror.get(key, definitionChangeSchema);
    if (change === null) return;
    await this.#write(key, change, mirror.revisionOf(key));
  }

  /** A second call while one is under way waits for that one. Never rejects: what was not written down is tried again. */
  #write(key: string, change: DefinitionChange, revision: number): Promise<void> {
    const known = this.#writing.get(key);
    if (known) return known;
    this.#met.set(key, this.#ports.clock.monotonicMs());
    const writing = this.#append(key, change, revision)
      .catch((error: unknown) => {
        this.#ports.log.warn('a change of definitions is not in the journal yet; tried again', {
          error: textOf(error),
        });
      })
      .finally(() => this.#writing.delete(key));
    this.#writing.set(key, writing);
    return writing;
  }

  async #append(key: string, change: DefinitionChange, revision: number): Promise<void> {
    const { pool, copies } = this.#ports;
    const seq = await this.#journal([
      { ...change, lineage: pool.pool()?.lineage ?? '', revision: pool.generationOf(revision) },
    ]);
    copies.wait({ seq, copies: (count) => void (count >= copies.wanted && this.#forget(key, revision)) });
  }

  async #journal(changes: JournaledChange[]): Promise<number> {
    const body = { changes };
    const entry = await this.#ports.journal.append(
      { kind: 'definitions', body: encodeBody('definitions', body) },
      body,
    );
    return entry.seq;
  }

  async #forget(key: string, revision: number): Promise<void> {
    const { coordination, log } = this.#ports;
    try {
      await coordination.transact({ conditions: [{ key, revision }], writes: [{ key, value: null }] });
    } catch (error) {
      log.warn('a change that every server knows could not be taken out of the coordinator; tried again', {
        error: textOf(error),
      });
    }
  }

  #changed(changed: ReadonlySet<string>): void {
    const nowMs = this.#ports.clock.monotonicMs();
    for (const key of changed) {
      if (!key.startsWith(keys.definitionChanges)) continue;
      if (this.#ports.mirror.revisionOf(key) === 0) this.#met.delete(key);
      else if (!this.#met.has(key)) this.#met.set(key, nowMs);
    }
    this.#completion.changed(changed);
  }

  async #look(): Promise<void> {
    const { grants, mirror, clock, copies } = this.#ports;
    if (grants.current(actingRole) === null || !mirror.live) return this.#completion.forget();
    const nowMs = clock.monotonicMs();
    const waiting = mirror.entries(keys.definitionChanges, definitionChangeSchema);
    for (const { key, value } of waiting) {
      const metMs = this.#met.get(key) ?? nowMs - leftMs;
      const isKnown = this.#isKnown(key, value);
      // It is in a journal; while there is nobody to have the second copy, another entry would help nobody.
      if (this.#writing.has(key) || (isKnown && copies.atRisk.is)) continue;
      if (nowMs - metMs < (isKnown ? againMs : leftMs)) continue;
      await this.#write(key, value, mirror.revisionOf(key));
    }
    if (waiting.length === 0) await this.#completion.complete();
  }

  #isKnown(key: string, { items: [item] }: DefinitionChange): boolean {
    const { history, mirror, pool } = this.#ports;
    return item !== undefined && history.at(item, pool.generationOf(mirror.revisionOf(key))) !== null;
  }
}
