import { encodeBody } from '../../src/journal/body.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Entry, EntryBody, EntryKind } from '../../src/model/entry.ts';
import { WatchError } from '../../src/model/errors.ts';
import { operationKinds, type Operation } from '../../src/model/operation.ts';
import { uuidV4, uuidV7 } from '../../src/model/uuid.ts';
import type { EpochJudge } from '../checkers/epoch-judge.ts';
import { SimulatedDeath, type SimProcess } from '../world/process.ts';
import type { SeededRandom } from '../world/random.ts';
import type { World } from '../world/world.ts';

export interface Workplace {
  readonly journal: Journal;
  readonly process: SimProcess;
}

const role = 'acting';

interface Holder {
  readonly place: Workplace;
  readonly epoch: number;
}

/**
 * People and decisions: operations on any server at any time; and a role that moves by an oracle, whose old holders go
 * on deciding for a while, as a holder does that has not heard yet.
 */
export class Operators {
  readonly #random: SeededRandom;
  readonly #places: () => readonly Workplace[];
  readonly #someMessage: () => string | null;
  readonly #judge: EpochJudge;
  #holders: readonly Holder[] = [];
  #epochLast = 0;
  #stopped = false;
  #node = '';
  /** Messages that decisions raised. */
  readonly raised = new Map<string, string>();

  constructor(
    random: SeededRandom,
    judge: EpochJudge,
    places: () => readonly Workplace[],
    someMessage: () => string | null,
  ) {
    this.#random = random;
    this.#judge = judge;
    this.#places = places;
    this.#someMessage = someMessage;
    this.#node = uuidV4(random.bytes(16));
  }

  start(world: World): void {
    this.#repeat(world, 300, (place) => this.#operate(place));
    this.#repeat(world, 8_000, (place) => this.#takeOver(place));
    this.#repeat(world, 700, () => this.#decide(world));
  }

  stop(): void {
    this.#stopped = true;
  }

  #repeat(world: World, meanMs: number, act: (place: Workplace) => void): void {
    const again = (): void => {
      if (this.#stopped) return;
      const places = this.#places();
      if (places.length > 0) this.#inside(world, this.#random.pick(places), act);
      world.scheduler.after(this.#random.around(meanMs), 'work', again);
    };
    world.scheduler.after(this.#random.around(meanMs), 'work', again);
  }

  /** As an event of the server's process, since it is its thread that does the work. */
  #inside(world: World, place: Workplace, act: (place: Workplace) => void): void {
    world.scheduler.after(0.1, 'work here', () => act(place), { owner: place.process });
  }

  #append<K extends EntryKind>(
    place: Workplace,
    kind: K,
    body: EntryBody<K>,
    stored: (entry: Entry) => void = () => undefined,
  ): void {
    place.journal
      .append({ kind, body: encodeBody(kind, body) }, body)
      .then(stored)
      .catch((error: unknown) => {
        if (!(error instanceof WatchError) && !(error instanceof SimulatedDeath)) throw error;
      });
  }

  #operate(place: Workplace): void {
    const operations = Array.from({ length: 1 + this.#random.int(3) }, () => this.#operation(place));
    const known = operations.filter((operation) => operation !== null);
    if (known.length > 0) this.#append(place, 'operations', { operations: known });
  }

  #operation({ journal, process }: Workplace): Operation | null {
    const message = this.#someMessage();
    if (message === null) return null;
    const kind = this.#random.pick(operationKinds);
    const base = {
      id: uuidV7(process.runtime.clock.wallMs(), this.#random.bytes(10)),
      message,
      kind,
      by: this.#random.pick(['anna', 'berta', 'carl']),
      hlc: journal.nextHlc(),
    };
    return kind === 'annotate' ? { ...base, text: `note ${base.hlc}` } : base;
  }

  #takeOver(place: Workplace): void {
    this.#epochLast += 1;
    const epoch = this.#epochLast;
    const positions = { ...place.journal.positions() };
    const takeover = this.#judge.takesOver(epoch, positions);
    this.#append(place, 'takeover', { role, epoch, positions }, () => takeover.stored());
    this.#holders = [...this.#holders.slice(-1), { place, epoch }];
  }

  /** The newest holder or the one before it, which does not know better. */
  #decide(world: World): void {
    const alive = this.#holders.filter(({ place }) => place.process.alive);
    if (alive.length === 0) return;
    const { place, epoch } = this.#random.pick(alive);
    this.#inside(world, place, () =>
      this.#append(
        place,
        'decisions',
        { role, epoch, decisions: [this.#decision(place)] },
        ({ origin, seq }) => this.#judge.decided({ epoch, origin, seq }),
      ),
    );
  }

  #decision({ process }: Workplace): EntryBody<'decisions'>['decisions'][number] {
    const id = uuidV7(process.runtime.clock.wallMs(), this.#random.bytes(10));
    const target = this.#random.chance(0.5) ? this.#someMessage() : (this.raised.keys().next().value ?? null);
    if (target !== null && this.#random.chance(0.6))
      return { kind: 'close', id, message: target, seen: null, because: 'the node is back' };
    const text = `node silent ${id}`;
    this.raised.set(id, text);
    const message = { id, createdMs: process.runtime.clock.wallMs(), severity: 'major' as const, text };
    return { kind: 'raise', node: this.#node, nodeName: 'silent', message };
  }
}
