import { confirmFromKnown } from '../../src/cli/confirm-coordinator.ts';
import type { Coordination } from '../../src/coordination/coordination.ts';
import type { StoreCopy } from '../../src/coordination/memory.ts';
import { keys, poolSchema } from '../../src/model/definitions.ts';
import { uuidV4 } from '../../src/model/uuid.ts';
import type { SimCoordinator } from '../world/coordinator.ts';
import type { DiskReader } from '../world/disk-reader.ts';
import type { World } from '../world/world.ts';

const copyEveryMs = 10_000;
const copiesMax = 20;
/**
 * So long ago at least the first write happened that the backup lacks: time for whoever made it to tell the others. One
 * that lacks nothing nobody could notice; one that lacks a moment may be taken for the truth by who did not see it.
 */
const lackMsMin = 1_000;
const mirrorSql = 'SELECT key, value, revision FROM definitions_mirror';

/**
 * An administrator restores the coordinator from a backup, and later confirms with what the server that knows most knows
 * (`pool confirm --force`). In between no role may be taken.
 */
export class CoordinatorRestore {
  readonly #world: World;
  readonly #coordinator: SimCoordinator;
  readonly #readers: () => readonly DiskReader[];
  readonly #copies: Backup[] = [];
  /** Waits for a person. */
  isInDoubt = false;

  constructor(world: World, coordinator: SimCoordinator, readers: () => readonly DiskReader[]) {
    this.#world = world;
    this.#coordinator = coordinator;
    this.#readers = readers;
    const before = coordinator.onCommit;
    coordinator.onCommit = (transaction) => {
      before(transaction);
      this.#written();
    };
    this.#copy();
  }

  #copy(): void {
    if (!this.isInDoubt) this.#copies.push({ copy: this.#coordinator.store.copy(), lacksFromMs: null });
    if (this.#copies.length > copiesMax) this.#copies.shift();
    this.#world.scheduler.after(copyEveryMs, 'backup of the coordinator', () => this.#copy());
  }

  /** The coordinator has taken a write: what was copied before lacks it. */
  #written(): void {
    for (const backup of this.#copies) backup.lacksFromMs ??= this.#world.scheduler.nowMs;
  }

  /** False where there is no backup that lacks enough, or the last restore is not confirmed. */
  restore(agoMs: number): boolean {
    const at = Math.max(0, this.#copies.length - 1 - Math.floor(agoMs / copyEveryMs));
    const backup = this.#copies[at];
    const lacksFromMs = backup?.lacksFromMs ?? null;
    if (this.isInDoubt || backup === undefined || lacksFromMs === null) return false;
    if (this.#world.scheduler.nowMs - lacksFromMs < lackMsMin) return false;
    this.isInDoubt = true;
    this.#copies.length = 0;
    this.#coordinator.store.restore(backup.copy);
    return true;
  }

  async confirm(): Promise<void> {
    if (!this.isInDoubt) return;
    const mirrors = this.#readers().map((reader) => reader.all(mirrorSql) as unknown as Row[]);
    const known = mirrors.toSorted((a, b) => newest(b) - newest(a))[0] ?? [];
    const pool = known.find(({ key }) => key === keys.pool);
    if (pool === undefined) return;
    const { lineage } = poolSchema.parse(JSON.parse(pool.value));
    const next = uuidV4(this.#world.random.fork(`lineage/${this.#world.scheduler.nowMs}`).bytes(16));
    const definitions = new Map(known.map(({ key, value }) => [key, value]));
    await confirmFromKnown(this.#direct(), definitions, { lineage: next, known: lineage });
    this.isInDoubt = false;
  }

  /** The administrator stands beside the coordinator. */
  #direct(): Coordination {
    const { store } = this.#coordinator;
    return {
      get: (key) => Promise.resolve(store.get(key)),
      list: (prefix) => Promise.resolve(store.list(prefix)),
      transact: (transaction) => Promise.resolve(store.transact(transaction)),
      watch: () => ({ close: () => undefined }),
      close: () => Promise.resolve(),
    };
  }
}

interface Backup {
  readonly copy: StoreCopy;
  /** When the first write was made that is not in it; null while there is none. */
  lacksFromMs: number | null;
}

interface Row {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

function newest(rows: readonly Row[]): number {
  return Math.max(0, ...rows.map(({ revision }) => revision));
}
