import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import type { Timer, Timers } from '../../runtime/clock.ts';
import type { ActionStore } from './action-store.ts';

const againMs = 1_000;

/**
 * Tells the pool over one connection what became of actions: one batch at a time, each kept until it is stored twice. What has
 * one copy is told again on the next connection only.
 */
export class ReportSending {
  readonly #store: ActionStore;
  readonly #connection: Pick<LinkConnection, 'send' | 'room'>;
  readonly #timers: Timers;
  readonly #waiting = new Map<number, readonly number[]>();
  #batch = 0;
  #place = 0;
  #isUnderWay = false;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(store: ActionStore, connection: Pick<LinkConnection, 'send' | 'room'>, timers: Timers) {
    this.#store = store;
    this.#connection = connection;
    this.#timers = timers;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  pump(): void {
    if (this.#isUnderWay || this.#stopped) return;
    const { seqs, reports } = this.#store.unsent(this.#place);
    if (reports.length === 0) return;
    const batch = this.#batch + 1;
    const body = new TextEncoder().encode(JSON.stringify(reports));
    const said = this.#connection.send({ type: 'actionReports', batch }, body);
    if (said === 'full') return void this.#afterRoom();
    if (said !== 'taken') return;
    this.#batch = batch;
    this.#isUnderWay = true;
    this.#place = seqs.at(-1) ?? this.#place;
    this.#waiting.set(batch, seqs);
  }

  answered({ batch, copies, wanted }: LinkMessageOf<'actionReportsStored'>): void {
    const seqs = this.#waiting.get(batch);
    if (seqs === undefined || this.#stopped) return;
    if (copies >= wanted || copies === 0) this.#waiting.delete(batch);
    if (copies >= wanted) this.#store.stored(seqs);
    if (batch === this.#batch) this.#isUnderWay = false;
    if (copies === 0) this.#again(seqs);
    else this.pump();
  }

  #again(seqs: readonly number[]): void {
    this.#place = Math.min(this.#place, (seqs[0] ?? 1) - 1);
    this.#isUnderWay = true;
    this.#timer = this.#timers.after(againMs, () => {
      this.#isUnderWay = false;
      this.pump();
    });
  }

  async #afterRoom(): Promise<void> {
    this.#isUnderWay = true;
    const isOpen = await this.#connection.room();
    this.#isUnderWay = false;
    if (isOpen) this.pump();
  }
}
