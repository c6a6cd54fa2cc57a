import type { Account } from '../../access/caller.ts';
import type { ActionRecord, ActionRows } from '../../messages/action-rows.ts';
import { deadlineMsDefault, type ActionOrder } from '../../model/action.ts';
import type {
  ActRequest,
  ActionAnswer,
  ActionDetail,
  ActionPage,
  ActionQuery,
  ActionRequest,
  OfferedAction,
  ToolDetail,
  ToolRequest,
} from '../../model/action-api.ts';
import type { MessageView } from '../../model/api.ts';
import type { AuditDraft } from '../../model/audit.ts';
import type { NodeDefinition } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import type { Removal } from '../../model/policy-api.ts';
import { isNodeInScope, type Scope } from '../../model/rights.ts';
import type { ToolDefinition } from '../../model/tool.ts';
import { uuidV7 } from '../../model/uuid.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { ActionPort, AuditedBy } from '../http/action-port.ts';
import { actionView } from './action-view.ts';
import { auditDrafts } from './audit-drafts.ts';
import { chooseTargets, type AboutMessage, type Targets } from './choose-targets.ts';
import { derivedId } from './derived-id.ts';
import { policyDoing, toolDoing, type Doing } from './doing.ts';
import type { PolicyBook, Wanted } from './policy-book.ts';
import { toolViews } from './tool-view.ts';

const piecesMax = 1_000;
/** Pages of actions that one request looks through. */
const passedOverMax = 5;

interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly self: { readonly coreId: string; readonly name: string };
  readonly pool: string;
  readonly rows: ActionRows;
  readonly nodes: () => readonly NodeDefinition[];
  readonly node: (coreId: string) => NodeDefinition | null;
  readonly nodeGroups: () => readonly string[];
  readonly groupsOf: (nodeName: string) => readonly string[];
  readonly book: PolicyBook;
  readonly toolDefinitions: () => readonly ToolDefinition[];
  readonly revisionOf: (name: string) => number;
  readonly setTool: (name: string, request: ToolRequest, by: string) => Promise<void>;
  readonly removeTool: (name: string, removal: Removal, by: string) => Promise<void>;
  /** Null when there is no such message in the scope. */
  readonly message: (id: string, scope: Scope) => MessageView | null;
  /** Whether another pool sent it here. */
  readonly isShared: (id: string) => boolean;
  readonly record: (draft: AuditDraft) => Promise<void>;
  /** Signs and stores them; resolves with the number of copies. */
  readonly store: (orders: readonly ActionOrder[]) => Promise<number>;
}

/** What a policy offers for a message. */
type Offer = Wanted & { readonly message: MessageView };

type Asked = Pick<ActionOrder, 'id' | 'askedMs' | 'deadlineMs' | 'by' | 'message'>;

type Asking = Pick<ActionRequest, 'message' | 'idempotencyKey' | 'withinMs'> & {
  readonly by: Account;
  readonly audited: AuditedBy;
};

/** What the API does with tools and actions. Asking is deciding nothing: it is a fact on any server, and the node does it once. */
export class ActionService implements ActionPort {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  tools(): ToolDetail[] {
    return this.#ports
      .toolDefinitions()
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((definition) => toolViews(definition, this.#ports.revisionOf(definition.name)));
  }

  setTool(name: string, request: ToolRequest, by: string): Promise<void> {
    return this.#ports.setTool(name, request, by);
  }

  removeTool(name: string, removal: Removal, by: string): Promise<void> {
    return this.#ports.removeTool(name, removal, by);
  }

  async ask(request: ActionRequest, by: Account, audited: AuditedBy): Promise<ActionAnswer> {
    const about = this.#about(request, by);
    const targets = this.#targets(request, by, about);
    const doing = toolDoing(request.tool, this.#ports.book, request.parameters);
    return this.#ask({ ...request, by, audited }, targets, doing);
  }

  offered(id: string, by: Account): OfferedAction | null {
    const found = this.#offer(id, by);
    if (found === null) return null;
    const { policy, action, message } = found;
    const nodeName = action.node ?? message.nodeName;
    const said = { policy, tool: action.tool ?? null, nodeName, acknowledge: action.acknowledge };
    try {
      const { parameters, command } = this.#doing(found);
      return { ...said, parameters, command: [...command], whyNot: this.#whyNotOffered(found, by) };
    } catch (error) {
      if (!(error instanceof WatchError)) throw error;
      return { ...said, parameters: {}, command: [], whyNot: error.message };
    }
  }

  async act(
    id: string,
    { idempotencyKey }: ActRequest,
    by: Account,
    audited: AuditedBy,
  ): Promise<ActionAnswer> {
    const found = this.#offer(id, by);
    if (found === null) {
      this.#about({ message: id }, by);
      throw new WatchError('WK_NOT_FOUND', `no policy offers an action for message ${id}`);
    }
    const { policy, action, message } = found;
    const request = { nodes: action.node === undefined ? [] : [action.node], nodeGroups: [] };
    const targets = this.#targets(request, by, message);
    const asked = { message: id, idempotencyKey, withinMs: action.within, by, audited };
    const { acknowledge } = action;
    return this.#ask(asked, targets, {
      ...this.#doing(found),
      policy: { name: policy, kind: 'operator', acknowledge },
    });
  }

  async #ask(
    { message, idempotencyKey, withinMs = deadlineMsDefault, by, audited }: Asking,
    { nodes, refused }: Targets,
    doing: Doing & Pick<ActionOrder, 'policy'>,
  ): Promise<ActionAnswer> {
    const { clock, random, record, store } = this.#ports;
    const askedMs = clock.wallMs();
    const id = idempotencyKey ?? uuidV7(askedMs, random.bytes(10));
    const deadlineMs = askedMs + withinMs;
    const asked = { id, askedMs, deadlineMs, by: by.name, message: message ?? null };
    const orders = nodes.map((node) => this.#order(asked, node, doing));
    this.#mustBeRepeated(orders);
    const answer = { deadlineMs, refused };
    if (orders.length === 0) return { request: null, actions: [], copies: 0, ...answer };
    // Before the orders, in the same journal: whoever has one of them has the record.
    for (const draft of auditDrafts(orders, audited)) await record(draft);
    const copies = await store(orders);
    const actions = orders.map((order) => ({ id: order.id, node: order.node, nodeName: order.nodeName }));
    return { request: id, actions, copies, ...answer };
  }

  page({ request, node, message, limit, cursor }: ActionQuery, scope: Scope): ActionPage {
    const { rows, nodes, clock } = this.#ports;
    const coreId = nodes().find(({ name }) => name === node)?.coreId ?? node;
    const found: ActionRecord[] = [];
    let before = cursor;
    let isLast = false;
    // Of what the caller may not see pages are passed over, until there are enough; so many at once, or others would wait.
    for (let pages = 0; found.length <= limit && !isLast && pages < passedOverMax; pages++) {
      const page = rows.list({ request, node: coreId, message, before, limit: limit + 1 });
      found.push(...page.filter(({ order }) => isNodeInScope(scope, order.nodeName)));
      isLast = page.length <= limit;
      before = page.at(-1)?.order.id;
    }
    const actions = found.slice(0, limit).map((record) => actionView(record, clock.wallMs()));
    if (found.length > limit) return { actions, next: actions.at(-1)?.id ?? null };
    return { actions, next: isLast ? null : (before ?? null) };
  }

  detail(id: string, after: number, scope: Scope): ActionDetail | null {
    const { rows, clock } = this.#ports;
    const record = rows.get(id);
    if (record === null || !isNodeInScope(scope, record.order.nodeName)) return null;
    return {
      action: actionView(record, clock.wallMs()),
      output: rows.output(record.order, after, piecesMax),
    };
  }

  /** A key that was given before asks for the same again: under it no other program may hide. */
  #mustBeRepeated(orders: readonly ActionOrder[]): void {
    for (const order of orders) {
      const known = this.#ports.rows.get(order.id)?.order;
      if (known === undefined) continue;
      const what = ({ by, tool, command, user, message }: ActionOrder): string =>
        JSON.stringify([by, tool, command, user, message]);
      if (what(known) !== what(order))
        throw new WatchError('WK_CONFLICT', 'idempotencyKey: something else was asked for under it');
    }
  }

  #about({ message }: Pick<ActionRequest, 'message'>, by: Account): AboutMessage | null {
    if (message === undefined) return null;
    const found = this.#ports.message(message, by.rights.scope('see'));
    if (found === null) throw new WatchError('WK_NOT_FOUND', `there is no message ${message}`);
    return found;
  }

  /** What the policy that made the message offers; null where it offers nothing, or there is no such message for the caller. */
  #offer(id: string, by: Account): Offer | null {
    const { book, isShared } = this.#ports;
    const message = this.#ports.message(id, by.rights.scope('see'));
    const wanted = message && book.operatorFor({ ...message, message, isShared: isShared(id) });
    return wanted && message && { ...wanted, message };
  }

  #doing({ policy, action, message }: Offer): Doing {
    const placed = { message, nodeName: message.nodeName };
    return policyDoing({ policy, action }, placed, this.#ports.book);
  }

  #whyNotOffered({ action, message }: Offer, by: Account): string | null {
    const request = { nodes: action.node === undefined ? [] : [action.node], nodeGroups: [] };
    return this.#targets(request, by, message).refused[0]?.because ?? null;
  }

  #targets(
    request: Pick<ActionRequest, 'nodes' | 'nodeGroups'>,
    by: Account,
    about: AboutMessage | null,
  ): Targets {
    const { nodes, node, nodeGroups, groupsOf, rows } = this.#ports;
    return chooseTargets({
      request,
      by,
      about,
      nodes: nodes(),
      ofMessage: about === null ? null : node(about.node),
      nodeGroups: nodeGroups(),
      groupsOf,
      openCount: (coreId) => rows.openCount(coreId),
    });
  }

  #order(asked: Asked, node: NodeDefinition, doing: Doing): ActionOrder {
    const { self, pool } = this.#ports;
    return {
      ...asked,
      ...doing,
      id: derivedId(asked.id, node.coreId),
      request: asked.id,
      pool,
      node: node.coreId,
      nodeName: node.name,
      from: { coreId: self.coreId, name: self.name },
      decision: null,
    };
  }
}
