import { confirmFromKnown } from '../../src/cli/machine/confirm-coordinator.ts';
import type { Coordination } from '../../src/coordination/coordination.ts';
import type { StoreCopy } from '../../src/coordination/memory.ts';
import { keys, poolSchema, type Pool } from '../../src/model/definitions.ts';
import { uuidV4 } from '../../src/model/uuid.ts';
import type { SimCoordinator } from '../world/coordinator.ts';
import type { KeeperFile } from '../../src/pool/keeper-file.ts';
import type { Machine } from '../world/machine.ts';
import type { World } from '../world/world.ts';
import type { SimServer } from './whole-pool.ts';

const copyEveryMs = 10_000;
const copiesMax = 20;
const notePath = '/data/keeper.json';
const mirrorSql = 'SELECT key, value, revision FROM definitions_mirror';

type Member = Pick<SimServer, 'machine' | 'reader'>;

/**
 * An administrator restores the coordinator from a backup, and later confirms with what the server that knows most knows
 * (`pool confirm --force`). In between no role may be taken.
 *
 * Left out is a backup that lacks only what less than half of the members have written or noted, since nobody may be left to ask;
 * and any while a member that does not know better was alone when it wrote last, since it need not ask (src/pool/DESIGN.md).
 */
export class CoordinatorRestore {
  readonly #world: World;
  readonly #coordinator: SimCoordinator;
  readonly #members: () => readonly Member[];
  readonly #copies: StoreCopy[] = [];
  /** Waits for a person. */
  isInDoubt = false;

  constructor(world: World, coordinator: SimCoordinator, members: () => readonly Member[]) {
    this.#world = world;
    this.#coordinator = coordinator;
    this.#members = members;
    this.#copy();
  }

  #copy(): void {
    if (!this.isInDoubt) this.#copies.push(this.#coordinator.store.copy());
    if (this.#copies.length > copiesMax) this.#copies.shift();
    this.#world.scheduler.after(copyEveryMs, 'backup of the coordinator', () => this.#copy());
  }

  /** False where there is no backup that enough members know better than, or the last restore is not confirmed. */
  restore(agoMs: number): boolean {
    const at = Math.max(0, this.#copies.length - 1 - Math.floor(agoMs / copyEveryMs));
    const backup = this.#copies[at];
    if (this.isInDoubt || backup === undefined || !this.#isKnownBetter(backup)) return false;
    this.isInDoubt = true;
    this.#copies.length = 0;
    this.#coordinator.store.restore(backup);
    return true;
  }

  #isKnownBetter(backup: StoreCopy): boolean {
    const [now, then] = [lineageOf(this.#coordinator.store.list(keys.pool).items), lineageOf(backup.items)];
    const notes = this.#members().map(({ machine }) => noteOn(machine));
    const knows = (note: Note | null): boolean =>
      note?.lineage === now && (then !== now || note.sessionRevision > backup.revision);
    return (
      notes.filter(knows).length * 2 > notes.length &&
      notes.every((note) => knows(note) || note?.wasAlone !== true)
    );
  }

  async confirm(): Promise<void> {
    if (!this.isInDoubt) return;
    const mirrors = this.#members().map(({ reader }) => reader.all(mirrorSql) as unknown as Row[]);
    const known = mirrors.toSorted(byKnowledge).at(-1) ?? [];
    const pool = poolOf(known);
    if (pool === null) return;
    const next = uuidV4(this.#world.random.fork(`lineage/${this.#world.scheduler.nowMs}`).bytes(16));
    const definitions = new Map(known.map(({ key, value }) => [key, value]));
    await confirmFromKnown(this.#direct(), definitions, { lineage: next, known: pool.lineage });
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

type Note = Pick<KeeperFile, 'lineage' | 'sessionRevision' | 'wasAlone'>;

/** What the keeper there knows for sure, whatever becomes of it. */
function noteOn({ disk }: Machine): Note | null {
  return disk.status(notePath) === null ? null : (JSON.parse(disk.read(notePath).toString()) as Note);
}

function lineageOf(items: readonly Pick<Row, 'key' | 'value'>[]): string {
  return poolOf(items)?.lineage ?? '';
}

function poolOf(items: readonly Pick<Row, 'key' | 'value'>[]): Pool | null {
  const item = items.find(({ key }) => key === keys.pool);
  return item === undefined ? null : poolSchema.parse(JSON.parse(item.value));
}

/** By lineage, which names those before it; revisions count within one. */
function byKnowledge(a: readonly Row[], b: readonly Row[]): number {
  const [one, other] = [poolOf(a), poolOf(b)];
  if (one === null || other === null) return Number(one !== null) - Number(other !== null);
  if (one.lineage === other.lineage) return newest(a) - newest(b);
  return one.before?.includes(other.lineage) === true ? 1 : -1;
}

function newest(rows: readonly Row[]): number {
  return Math.max(0, ...rows.map(({ revision }) => revision));
}
