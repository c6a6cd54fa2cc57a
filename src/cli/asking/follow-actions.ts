import {
  actionDetailSchema,
  actionPageSchema,
  type ActionAnswer,
  type ActionView,
  type OutputPiece,
} from '../../model/action-api.ts';
import { every } from '../../runtime/timing.ts';
import type { Cli } from '../cli.ts';
import { Interrupted } from '../interrupted.ts';
import type { PoolClient } from './pool-client.ts';
import { note } from '../terminal/print.ts';

/** Time alone can turn an action into unknown, which no event tells. */
const lookEveryMs = 5_000;
const pageMax = 1_000;

export interface ActionListener {
  /** Something is known about it that was not. */
  changed(action: ActionView): void;
  printed(piece: OutputPiece, action: ActionView): void;
  /** Nothing more comes of it, not soon at least; all that it printed was told. */
  ended(action: ActionView): void;
}

/**
 * Tells what becomes of the actions of one request until none of them is asked or running any more; resolves with all of them.
 * The live events say when to look, and bring output soon; what is at last told of an action is always read. Ends by
 * Interrupted at Ctrl-C, which stops the watching only.
 */
export async function followActions(
  cli: Cli,
  client: PoolClient,
  asked: ActionAnswer,
  listener: ActionListener,
): Promise<ActionView[]> {
  const { timers } = await cli.runtime();
  const stop = new AbortController();
  const interrupt = cli.stopSignal();
  const signal = AbortSignal.any([interrupt, stop.signal]);
  const watch = new ActionWatch(client, asked, listener, () => stop.abort());
  const timer = every(timers, lookEveryMs, () => watch.look());
  try {
    let isFirst = true;
    const onGap = (why: string): void => note(cli, `watchkeeper: ${why}; connecting again`);
    for await (const event of client.follow(signal, onGap, { actions: 'true' })) {
      // What is read after the first event cannot miss what comes behind it.
      if (isFirst || event.type === 'reset') await watch.look();
      isFirst = false;
      if (event.type === 'actions') await watch.take(event.actions, event.output);
    }
    watch.rethrow();
  } finally {
    timer.cancel();
  }
  if (interrupt.aborted) throw new Interrupted();
  return watch.all();
}

class ActionWatch {
  readonly #client: PoolClient;
  readonly #request: string;
  readonly #listener: ActionListener;
  readonly #done: () => void;
  readonly #actions = new Map<string, ActionView>();
  readonly #open: Set<string>;
  /** The number of the last piece that was told, by action. */
  readonly #told = new Map<string, number>();
  #fault: unknown = null;
  #last: Promise<void> = Promise.resolve();

  constructor(
    client: PoolClient,
    { request, actions }: ActionAnswer,
    listener: ActionListener,
    done: () => void,
  ) {
    this.#client = client;
    this.#request = request ?? '';
    this.#listener = listener;
    this.#done = done;
    this.#open = new Set(actions.map(({ id }) => id));
  }

  all(): ActionView[] {
    return [...this.#actions.values()].toSorted((a, b) => (a.nodeName < b.nodeName ? -1 : 1));
  }

  rethrow(): void {
    if (this.#fault !== null) throw this.#fault;
  }

  /** One after the other; what goes wrong ends the watching. */
  look(): Promise<void> {
    return this.#then(async () => {
      for (let cursor: string | null | undefined; cursor !== null;) {
        const query = { request: this.#request, limit: pageMax, ...(cursor && { cursor }) };
        const page = await this.#client.ask({ path: '/api/v1/actions', query }, actionPageSchema);
        await this.#take(page.actions);
        cursor = page.next;
      }
    });
  }

  take(actions: readonly ActionView[], output: readonly OutputPiece[]): Promise<void> {
    return this.#then(async () => {
      for (const piece of output) this.#tell(piece);
      await this.#take(actions);
    });
  }

  #then(what: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(what).catch((error: unknown) => {
      this.#fault = error;
      this.#done();
    });
    return this.#last;
  }

  async #take(actions: readonly ActionView[]): Promise<void> {
    for (const action of actions.filter(({ id }) => this.#open.has(id))) {
      const before = this.#actions.get(action.id);
      this.#actions.set(action.id, action);
      if (before?.state !== action.state) this.#listener.changed(action);
      if (action.state === 'asked' || action.state === 'running') continue;
      await this.#readOutput(action);
      this.#open.delete(action.id);
      this.#listener.ended(action);
    }
    if (this.#open.size === 0) this.#done();
  }

  /** Pieces of a node that changed its server may come in another order; in the end they are read in theirs. */
  async #readOutput(action: ActionView): Promise<void> {
    for (;;) {
      const after = this.#told.get(action.id) ?? 0;
      const path = `/api/v1/actions/${action.id}`;
      const { output } = await this.#client.ask({ path, query: { after } }, actionDetailSchema);
      for (const piece of output) this.#tell(piece);
      if (output.length === 0) return;
    }
  }

  /** A piece that comes before the ones before it waits for the end, when all are read. */
  #tell(piece: OutputPiece): void {
    const told = this.#told.get(piece.action) ?? 0;
    const action = this.#actions.get(piece.action);
    if (action === undefined || !this.#open.has(piece.action)) return;
    const isEnd = action.state !== 'asked' && action.state !== 'running';
    if (piece.number <= told || (piece.number > told + 1 && !isEnd)) return;
    this.#told.set(piece.action, piece.number);
    this.#listener.printed(piece, action);
  }
}
