import type { Batch } from './batch.ts';
import type { TargetRange } from './store.ts';

/**
 * The batches on their way: eviction leaves their messages alone, since they may be stored already. What was given
 * back waits here, as it is, to be sent first.
 */
export class Claims {
  readonly #claimed = new Set<Batch>();
  #returned: Batch[] = [];
  #bytes = 0;

  add(batch: Batch): void {
    this.#claimed.add(batch);
    this.#bytes += batch.bytes;
  }

  remove(batch: Batch): void {
    if (this.#claimed.delete(batch)) this.#bytes -= batch.bytes;
  }

  /** One that was on its way to a second copy is let go: it is found again when nothing else is to do. */
  giveBack(batches: readonly Batch[]): void {
    const ours = batches.filter((batch) => this.#claimed.has(batch));
    for (const batch of ours) if (batch.copies > 0) this.remove(batch);
    const unsent = ours.filter(({ copies }) => copies === 0);
    this.#returned = [...this.#returned, ...unsent].sort((a, b) => a.from - b.from);
  }

  takeReturned(): Batch | null {
    return this.#returned.shift() ?? null;
  }

  clear(): void {
    this.#claimed.clear();
    this.#returned = [];
    this.#bytes = 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Messages that were given back. */
  get returnedCount(): number {
    return this.#returned.reduce((sum, { seqs }) => sum + seqs.length, 0);
  }

  /** What eviction must not touch. */
  get unstored(): readonly TargetRange[] {
    return [...this.#claimed].filter(({ copies }) => copies === 0);
  }

  get anyForSecondCopy(): boolean {
    return [...this.#claimed].some(({ copies }) => copies === 1);
  }
}
