import { encodeBody } from '../../journal/body.ts';
import type { Journal } from '../../journal/journal.ts';
import { epochOf, type ActionRows } from '../../messages/action-rows.ts';
import type { ActionOrder } from '../../model/action.ts';
import type { AuditDraft } from '../../model/audit.ts';
import { actingRole, type NodeDefinition } from '../../model/definitions.ts';
import type { Entry } from '../../model/entry.ts';
import { WatchError } from '../../model/errors.ts';
import type { Operation } from '../../model/operation.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Arrived } from '../message-rules/walk-journal.ts';
import { auditDrafts } from './audit-drafts.ts';
import { openOfNodeMax } from './choose-targets.ts';
import { derivedId } from './derived-id.ts';
import { policyDoing } from './doing.ts';
import type { PolicyBook, Wanted } from './policy-book.ts';
import { refusalAnnotation } from './result-annotation.ts';

const becauseCharsMax = 1_024;

interface Ports {
  readonly clock: Clock;
  readonly self: { readonly coreId: Uuid; readonly name: string };
  readonly pool: Uuid;
  readonly book: PolicyBook;
  readonly rows: Pick<ActionRows, 'get' | 'openBelow' | 'openCount'>;
  readonly journal: Pick<Journal, 'append' | 'nextHlc'>;
  readonly node: (coreId: Uuid) => NodeDefinition | null;
  readonly nodeNamed: (name: string) => NodeDefinition | null;
  /** The epoch under which this server acts now; null while it does not. */
  readonly epoch: () => number | null;
  readonly record: (draft: AuditDraft) => Promise<void>;
  /** Signs and stores them. */
  readonly append: (orders: readonly ActionOrder[]) => Promise<unknown>;
  readonly stateHlc: (message: Uuid) => number;
}

type Planned = { readonly order: ActionOrder } | { readonly refused: Operation };

/**
 * What policies have done by themselves, as the acting server decides it. The action of a message has an ID that follows from the
 * message's, so it is decided as often as it takes and done once; and what a holder of the role decided that its node has not told the
 * end of, the next holder asks for again under its own epoch, since agents obey no lower one.
 */
export class AutomaticActions {
  readonly #ports: Ports;
  /** Orders of former holders may be open. */
  #mayRenew = true;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Whether any policy asks for messages to be looked at. */
  get isWanted(): boolean {
    return this.#ports.book.hasAutomatic;
  }

  /** This server has taken the role. */
  began(): void {
    this.#mayRenew = true;
  }

  /** What a former holder decided and nobody else knew may come late. */
  committed(entries: readonly Entry[]): void {
    if (entries.some(({ kind }) => kind === 'actions')) this.#mayRenew = true;
  }

  /** Asks again, as the holder of this epoch, for what former holders asked for. */
  async renew(epoch: number): Promise<void> {
    if (!this.#mayRenew) return;
    this.#mayRenew = false;
    const { rows, self, node } = this.#ports;
    const orders = rows
      .openBelow(actingRole, epoch)
      .filter((order) => node(order.node) !== null)
      .map((order) => ({ ...order, from: { ...self }, decision: { role: actingRole, epoch } }));
    try {
      if (orders.length > 0) await this.#order(orders, epoch);
    } catch (error) {
      this.#mayRenew = true;
      throw error;
    }
  }

  /** Has done what policies want for these messages, and says on the message where that cannot be. Repeating it changes nothing. */
  async start(messages: readonly Arrived[], epoch: number): Promise<void> {
    const taken = new Map<Uuid, number>();
    const planned = messages.flatMap((one) => this.#plan(one, epoch, taken));
    const orders = planned.flatMap((one) => ('order' in one ? [one.order] : []));
    const operations = planned.flatMap((one) => ('refused' in one ? [one.refused] : []));
    if (operations.length > 0) {
      const body = { operations };
      await this.#ports.journal.append({ kind: 'operations', body: encodeBody('operations', body) }, body);
    }
    if (orders.length > 0) await this.#order(orders, epoch);
  }

  #plan(arrived: Arrived, epoch: number, taken: Map<Uuid, number>): Planned[] {
    const { book, rows, clock, journal, stateHlc } = this.#ports;
    const wanted = book.automaticFor(arrived);
    if (wanted === null) return [];
    const { id: message, createdMs } = arrived.message;
    const id = derivedId(message, 'automatic action');
    const known = rows.get(id);
    if (known !== null && (known.ended !== null || epochOf(known.order) >= epoch)) return [];
    const askedMs = clock.wallMs();
    // By the earlier clock: what was done about it by then may have changed everything.
    const deadlineMs = Math.min(askedMs, createdMs) + wanted.action.within;
    try {
      if (deadlineMs <= askedMs)
        throw new WatchError(
          'WK_CONFLICT',
          `the message came ${Math.round((askedMs - createdMs) / 1_000)} s after it was made, too late to begin`,
        );
      const node = this.#target(wanted, arrived);
      const open = rows.openCount(node.coreId) + (taken.get(node.coreId) ?? 0);
      if (open >= openOfNodeMax)
        throw new WatchError('WK_OVERLOADED', `${openOfNodeMax} actions on ${node.name} have not ended yet`);
      taken.set(node.coreId, (taken.get(node.coreId) ?? 0) + 1);
      return [{ order: this.#orderOf(wanted, arrived, node, { id, askedMs, deadlineMs, epoch }) }];
    } catch (error) {
      if (!(error instanceof WatchError)) throw error;
      const because = error.message.slice(0, becauseCharsMax);
      const hlc = Math.max(journal.nextHlc(), stateHlc(message) + 1);
      return [{ refused: refusalAnnotation(id, { message, policy: wanted.policy, because }, hlc) }];
    }
  }

  #target({ action }: Wanted, { node: coreId, nodeName }: Arrived): NodeDefinition {
    const { node, nodeNamed } = this.#ports;
    const found = action.node === undefined ? node(coreId) : nodeNamed(action.node);
    if (found !== null) return found;
    throw new WatchError(
      'WK_NOT_FOUND',
      action.node === undefined
        ? `no agent of this pool sent that message (it is of ${nodeName}); name a node in the policy`
        : `there is no node ${action.node}`,
    );
  }

  #orderOf(
    { policy, action }: Wanted,
    { message, nodeName }: Arrived,
    node: NodeDefinition,
    { epoch, ...asked }: Pick<ActionOrder, 'id' | 'askedMs' | 'deadlineMs'> & { readonly epoch: number },
  ): ActionOrder {
    const { self, pool, book } = this.#ports;
    return {
      ...asked,
      ...policyDoing({ policy, action }, { message, nodeName }, book),
      request: asked.id,
      pool,
      node: node.coreId,
      nodeName: node.name,
      by: `policy ${policy}`,
      from: { ...self },
      message: message.id,
      decision: { role: actingRole, epoch },
      policy: { name: policy, kind: 'automatic', acknowledge: action.acknowledge },
    };
  }

  /** The record first, as for everything that nodes are asked to do. */
  async #order(orders: readonly ActionOrder[], epoch: number): Promise<void> {
    const { record, append, self } = this.#ports;
    const by = { kind: 'server', by: self.name, coreId: self.coreId, from: '', session: null } as const;
    await Promise.all(orders.flatMap((order) => auditDrafts([order], by)).map(record));
    if (this.#ports.epoch() !== epoch) throw new WatchError('WK_CONFLICT', 'this server acts no more');
    await append(orders);
  }
}
