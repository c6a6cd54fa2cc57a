import type { Uuid } from '../../../model/uuid.ts';
import type { ServerMessage } from '../../grants.ts';
import type { LeaseEffect } from '../lease-state.ts';
import type { Node } from './lease-world-node.ts';

interface Ports {
  nowMs(): number;
  after(delayMs: number, run: () => void): void;
  latencyMs(): number;
  isLost(): boolean;
  /** How much later than others an answer comes: asks are few, so these meet more trouble. */
  answerDelayMs(): number;
  /** The server process tells its keeper. */
  say(node: Node, message: ServerMessage): void;
}

/** The ways between server processes in the little world of leases: late, cut, or losing what was sent. */
export class WorldLinks {
  readonly #nodes: readonly Node[];
  readonly #ports: Ports;

  constructor(nodes: readonly Node[], ports: Ports) {
    this.#nodes = nodes;
    this.#ports = ports;
  }

  ask(from: Node, { members, round, incarnation, ttlMs }: Extract<LeaseEffect, { kind: 'ask' }>): void {
    const question = { from: from.coreId, round, incarnation, ttlMs };
    for (const member of members) this.#send(from, member, { kind: 'asked', ...question });
  }

  answer(
    from: Node,
    { to, round, incarnation, promised, because }: Extract<LeaseEffect, { kind: 'answer' }>,
  ): void {
    this.#send(from, to, { kind: 'confirmed', from: from.coreId, round, incarnation, promised, because });
  }

  /** Which coordinator a server knows. */
  tell(from: Node, told: Extract<LeaseEffect, { kind: 'tell' }>): void {
    const { kind: _, before, released, ...known } = told;
    const freed = released === undefined ? {} : { released: [...released] };
    const standing = { ...known, before: [...before], endpoints: [], ...freed };
    for (const { coreId } of this.#nodes)
      if (coreId !== from.coreId)
        this.#send(from, coreId, { kind: 'stands', from: from.coreId, ...standing });
  }

  #send(from: Node, coreId: Uuid, message: ServerMessage): void {
    const to = this.#nodes.find((node) => node.coreId === coreId);
    const isCut = this.#ports.nowMs() < (from.linkCutUntilMs.get(coreId) ?? 0);
    if (to === undefined || isCut || this.#ports.isLost()) return;
    const delayMs = message.kind === 'confirmed' ? this.#ports.answerDelayMs() : 0;
    this.#ports.after(this.#ports.latencyMs() + delayMs, () =>
      to.server?.run(() => this.#ports.say(to, message)),
    );
  }
}
