import { hlcMs } from '../model/hlc.ts';
import { invariant } from '../model/invariant.ts';
import { compareVersions, type Version } from '../model/operation.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Database, Statement } from '../runtime/database.ts';

interface NodeRecord {
  readonly number: number;
  name: string;
  named: Version;
  lastMessageMs: number | null;
}

/**
 * The nodes that ever sent something, with a short number each for the rows of this server (numbers differ between
 * servers and are in no hash). The name is the one said last, by (hlc, origin). Kept in memory, written once a
 * transaction.
 */
export class Nodes {
  readonly #records = new Map<Uuid, NodeRecord>();
  readonly #changed = new Set<Uuid>();
  readonly #write: Statement;
  readonly #read: Statement;

  constructor(database: Database) {
    this.#write = database.prepare(
      `INSERT INTO nodes(number, core_id, name, name_hlc, name_origin, last_message_ms) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT(number) DO UPDATE SET name = excluded.name, name_hlc = excluded.name_hlc,
         name_origin = excluded.name_origin, last_message_ms = excluded.last_message_ms`,
    );
    this.#read = database.prepare(
      `SELECT number, core_id AS coreId, name, name_hlc AS hlc, name_origin AS origin, last_message_ms AS lastMessageMs
       FROM nodes`,
    );
    this.reload();
  }

  /** `stamp` is of the entry that names the node. */
  meet(coreId: Uuid, name: string, stamp: Version, sentMessages: boolean): void {
    const record = this.#records.get(coreId) ?? this.#create(coreId, name, stamp);
    if (record.name !== name && compareVersions(stamp, record.named) > 0) record.name = name;
    if (compareVersions(stamp, record.named) > 0) record.named = { hlc: stamp.hlc, origin: stamp.origin };
    if (sentMessages) record.lastMessageMs = Math.max(record.lastMessageMs ?? 0, hlcMs(stamp.hlc));
    this.#changed.add(coreId);
  }

  numberOf(coreId: Uuid): number {
    const record = this.#records.get(coreId);
    invariant(record !== undefined, `node ${coreId} was met before it is used`);
    return record.number;
  }

  nameOf(coreId: Uuid): string {
    return this.#records.get(coreId)?.name ?? coreId;
  }

  /** Numbers of the nodes with that core ID or name. */
  find(nameOrCoreId: string): number[] {
    const byId = this.#records.get(nameOrCoreId);
    if (byId) return [byId.number];
    return [...this.#records.values()]
      .filter(({ name }) => name === nameOrCoreId)
      .map(({ number }) => number);
  }

  /** Numbers of the nodes whose name fits. */
  named(fits: (name: string) => boolean): number[] {
    return [...this.#records.values()].filter(({ name }) => fits(name)).map(({ number }) => number);
  }

  /** The names by number. */
  names(): ReadonlyMap<number, string> {
    return new Map([...this.#records.values()].map(({ number, name }) => [number, name]));
  }

  all(): { coreId: Uuid; name: string; lastMessageMs: number | null }[] {
    return [...this.#records].map(([coreId, { name, lastMessageMs }]) => ({ coreId, name, lastMessageMs }));
  }

  flush(): void {
    for (const coreId of this.#changed) {
      const record = this.#records.get(coreId);
      invariant(record !== undefined, `node ${coreId} is known`);
      this.#put(coreId, record);
    }
    this.#changed.clear();
  }

  reload(): void {
    this.#records.clear();
    this.#changed.clear();
    for (const row of this.#read.all<{ coreId: Uuid } & Omit<NodeRecord, 'named'> & Version>()) {
      const { coreId, number, name, hlc, origin, lastMessageMs } = row;
      this.#records.set(coreId, { number, name, named: { hlc, origin }, lastMessageMs });
    }
  }

  #create(coreId: Uuid, name: string, { hlc, origin }: Version): NodeRecord {
    const record: NodeRecord = {
      number: this.#records.size + 1,
      name,
      named: { hlc, origin },
      lastMessageMs: null,
    };
    this.#records.set(coreId, record);
    // At once: what else this transaction brings of the node joins its row, a double or a void raise for example.
    this.#put(coreId, record);
    return record;
  }

  #put(coreId: Uuid, { number, name, named, lastMessageMs }: NodeRecord): void {
    this.#write.run(number, coreId, name, named.hlc, named.origin, lastMessageMs);
  }
}
