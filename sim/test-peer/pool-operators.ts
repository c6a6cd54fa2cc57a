import type { OperationRequest } from '../../src/model/api.ts';
import { codeOf } from '../../src/model/errors.ts';
import { unreachable } from '../../src/model/invariant.ts';
import { Rights } from '../../src/model/rights.ts';
import { operationKinds } from '../../src/model/operation.ts';
import type { RoleRequest } from '../../src/model/role-api.ts';
import type { View } from '../../src/server/views/view.ts';
import type { NoteLedger } from '../checkers/note-ledger.ts';
import type { SimProcess } from '../world/process.ts';
import type { SeededRandom } from '../world/random.ts';
import type { World } from '../world/world.ts';

export interface Desk {
  readonly process: SimProcess;
  readonly view: View;
}

export interface OperatorsOptions {
  readonly world: World;
  readonly random: SeededRandom;
  /** Servers that answer now. */
  readonly desks: () => readonly Desk[];
  readonly someMessage: () => string | null;
  readonly serverNames: () => readonly string[];
  readonly roles: readonly string[];
  readonly notes: NoteLedger;
}

/** Of every operator: who may do what is not what is tried here. */
const mayOperate = new Rights([{ right: 'operate' }]);
const people = ['anna', 'berta', 'carl'];
const operateEveryMs = 3_000;
const changeRoleEveryMs = 45_000;

/** People at the pool's consoles: on any server at any time they work on messages, and now and then on roles. */
export class PoolOperators {
  readonly #options: OperatorsOptions;
  #stopped = false;

  constructor(options: OperatorsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#repeat(operateEveryMs, (desk) => this.#operate(desk));
    this.#repeat(changeRoleEveryMs, (desk) => this.#changeRole(desk));
  }

  stop(): void {
    this.#stopped = true;
  }

  #repeat(meanMs: number, act: (desk: Desk) => Promise<void>): void {
    const { world, random } = this.#options;
    const again = (): void => {
      if (this.#stopped) return;
      const desks = this.#options.desks();
      if (desks.length > 0) this.#inside(random.pick(desks), act);
      world.scheduler.after(random.around(meanMs), 'work', again);
    };
    world.scheduler.after(random.around(meanMs), 'work', again);
  }

  /** As an event of the server's process. What a person could be answered is no bug. */
  #inside(desk: Desk, act: (desk: Desk) => Promise<void>): void {
    const run = (): void => {
      act(desk).catch((error: unknown) => {
        if (codeOf(error) === 'WK_INTERNAL') throw error;
      });
    };
    this.#options.world.scheduler.after(0.1, 'work here', run, { owner: desk.process });
  }

  async #operate({ view }: Desk): Promise<void> {
    const { random, someMessage, notes } = this.#options;
    const picked = Array.from({ length: 1 + random.int(3) }, () => someMessage());
    const messages = [...new Set(picked.filter((id) => id !== null))];
    if (messages.length === 0) return;
    const kind = random.pick(operationKinds);
    const text = kind === 'annotate' ? notes.write() : null;
    const request: OperationRequest = { kind, messages, ...(text === null ? {} : { text }) };
    const { results, copies } = await view.operate(request, {
      name: random.pick(people),
      rights: mayOperate,
    });
    if (text === null) return;
    const done = results.filter((result) => result.done).map(({ message }) => message);
    notes.answered(text, done, copies);
  }

  async #changeRole({ view }: Desk): Promise<void> {
    const { random, roles, world } = this.#options;
    const request = this.#roleRequest();
    await view.changeRole(random.pick(roles), request, random.pick(people));
    world.trace.count(`an operator's ${request.kind} of a role`);
  }

  #roleRequest(): RoleRequest {
    const { random, serverNames } = this.#options;
    const server = random.pick(serverNames());
    const kind = random.pick(['move', 'move', 'move', 'pin', 'unpin', 'unpin', 'failback', 'order'] as const);
    switch (kind) {
      case 'move':
      case 'pin':
        return { kind, server };
      case 'unpin':
        return { kind };
      case 'failback':
        return {
          kind,
          failback: random.pick(['manual', 'automatic']),
          settleMs: random.pick([0, 5_000, 60_000]),
        };
      case 'order':
        return { kind, servers: random.chance(0.3) ? [] : [server] };
      default:
        return unreachable(kind);
    }
  }
}
