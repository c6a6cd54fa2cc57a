import type { Positions } from '../../src/model/origin.ts';
import { check } from '../world/violation.ts';
import type { DiskReader } from '../world/disk-reader.ts';

interface Takeover {
  readonly epoch: number;
  readonly positions: Positions;
  /** Its holder was told that it is stored; else it may have been lost or not. */
  stored: boolean;
}

interface Decided {
  readonly epoch: number;
  readonly origin: string;
  readonly seq: number;
}

/** Its own record of who took over knowing what, and who decided what: a decision of a deposed holder is void. */
export class EpochJudge {
  readonly #takeovers: Takeover[] = [];
  readonly #decided: Decided[] = [];

  takesOver(epoch: number, positions: Positions): { stored(): void } {
    const takeover = { epoch, positions, stored: false };
    this.#takeovers.push(takeover);
    return {
      stored: () => {
        takeover.stored = true;
      },
    };
  }

  decided(decided: Decided): void {
    this.#decided.push(decided);
  }

  #isVoid(decision: Decided, mayBe: boolean): boolean {
    return this.#takeovers.some(
      ({ epoch, positions, stored }) =>
        (stored || mayBe) && epoch > decision.epoch && (positions[decision.origin] ?? 0) < decision.seq,
    );
  }

  /** What one server's disk says in the end. Answers how many decisions a later holder made void. */
  checkVoid(server: string, reader: DiskReader): number {
    const rows = reader.all('SELECT origin, seq, void FROM decisions') as unknown as {
      origin: string;
      seq: number;
      void: number;
    }[];
    const found = new Map(rows.map((row) => [`${row.origin}/${row.seq}`, row.void === 1]));
    for (const decision of this.#decided) {
      const is = found.get(`${decision.origin}/${decision.seq}`);
      const right = is === true ? this.#isVoid(decision, true) : !this.#isVoid(decision, false);
      check(
        is !== undefined && right,
        'a lower epoch is refused by every sink (I13)',
        () => `${server}: ${JSON.stringify(decision)} is ${is === undefined ? 'missing' : `void: ${is}`}`,
      );
    }
    return rows.filter((row) => row.void === 1).length;
  }
}
