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
/** Every server that is well has written since; a younger backup may lack nothing at all, and nobody could notice. */
const youngestMs = 1_000;
const mirrorSql = 'SELECT key, value, revision FROM definitions_mirror';

/**
 * An administrator restores the coordinator from a backup, and later confirms with what the server that knows most knows
 * (`pool confirm --force`). In between no role may be taken.
 */
export class CoordinatorRestore {
  readonly #world: World;
  readonly #coordinator: SimCoordinator;
  readonly #readers: () => readonly DiskReader[];
  readonly #copies: { readonly atMs: number; readonly copy: StoreCopy }[] = [];
  /** Waits for a person. */
  isInDoubt = false;

  constructor(world: World, coordinator: SimCoordinator, readers: () => readonly DiskReader[]) {
    this.#world = world;
    this.#coordinator = coordinator;
    this.#readers = readers;
    this.#copy();
  }

  #copy(): void {
    const atMs = this.#world.scheduler.nowMs;
    if (!this.isInDoubt) this.#copies.push({ atMs, copy: this.#coordinator.store.copy() });
    if (this.#copies.length > copiesMax) this.#copies.shift();
    this.#world.scheduler.after(copyEveryMs, 'backup of the coordinator', () => this.#copy());
  }

  /** False where there is no backup that is old enough, or the last restore is not confirmed. */
  restore(agoMs: number): boolean {
    const at = Math.max(0, this.#copies.length - 1 - Math.floor(agoMs / copyEveryMs));
    const backup = this.#copies[at];
    if (backup === undefined || this.isInDoubt) return false;
    if (this.#world.scheduler.nowMs - backup.atMs < youngestMs) return false;
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

interface Row {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

function newest(rows: readonly Row[]): number {
  return Math.max(0, ...rows.map(({ revision }) => revision));
}
