import type { Account } from '../../access/caller.ts';
import type { ActionRecord, ActionRows } from '../../messages/action-rows.ts';
import { deadlineMsDefault, type ActionOrder } from '../../model/action.ts';
import type {
  ActionAnswer,
  ActionDetail,
  ActionPage,
  ActionQuery,
  ActionRequest,
  ToolDetail,
  ToolRequest,
} from '../../model/action-api.ts';
import type { AuditDraft } from '../../model/audit.ts';
import type { NodeDefinition } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import type { Removal } from '../../model/policy-api.ts';
import { isNodeInScope, type Scope } from '../../model/rights.ts';
import type { ToolDefinition } from '../../model/tool.ts';
import { uuidV7 } from '../../model/uuid.ts';
import { toolCommand } from '../../policies/checked-tool.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { ActionPort, AuditedBy } from '../http/action-port.ts';
import { actionView } from './action-view.ts';
import { auditDrafts } from './audit-drafts.ts';
import { chooseTargets, type AboutMessage, type Targets } from './choose-targets.ts';
import { derivedId } from './derived-id.ts';
import { toolOf, toolViews } from './tool-view.ts';

const piecesMax = 1_000;

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
  readonly toolDefinitions: () => readonly ToolDefinition[];
  readonly revisionOf: (name: string) => number;
  readonly setTool: (name: string, request: ToolRequest, by: string) => Promise<void>;
  readonly removeTool: (name: string, removal: Removal, by: string) => Promise<void>;
  /** Null when there is no such message in the scope. */
  readonly message: (id: string, scope: Scope) => AboutMessage | null;
  readonly record: (draft: AuditDraft) => Promise<void>;
  /** Signs and stores them; resolves with the number of copies. */
  readonly store: (orders: readonly ActionOrder[]) => Promise<number>;
}

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
    const { clock, random, record, store } = this.#ports;
    const about = this.#about(request, by);
    const targets = this.#targets(request, by, about);
    const askedMs = clock.wallMs();
    const id = request.idempotencyKey ?? uuidV7(askedMs, random.bytes(10));
    const deadlineMs = askedMs + (request.withinMs ?? deadlineMsDefault);
    const orders = this.#orders(request, targets.nodes, { id, askedMs, deadlineMs, by: by.name });
    const answer = { deadlineMs, refused: targets.refused };
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
    // Of what the caller may not see pages are passed over, until there are enough.
    while (found.length <= limit && !isLast) {
      const page = rows.list({ request, node: coreId, message, before, limit: limit + 1 });
      found.push(...page.filter(({ order }) => isNodeInScope(scope, order.nodeName)));
      isLast = page.length <= limit;
      before = page.at(-1)?.order.id;
    }
    const actions = found.slice(0, limit).map((record) => actionView(record, clock.wallMs()));
    return { actions, next: found.length > limit ? (actions.at(-1)?.id ?? null) : null };
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

  #about({ message }: ActionRequest, by: Account): AboutMessage | null {
    if (message === undefined) return null;
    const found = this.#ports.message(message, by.rights.scope('see'));
    if (found === null) throw new WatchError('WK_NOT_FOUND', `there is no message ${message}`);
    return found;
  }

  #targets(request: ActionRequest, by: Account, about: AboutMessage | null): Targets {
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

  #orders(
    request: ActionRequest,
    nodes: readonly NodeDefinition[],
    asked: Pick<ActionOrder, 'id' | 'askedMs' | 'deadlineMs' | 'by'>,
  ): ActionOrder[] {
    const { self, pool, toolDefinitions } = this.#ports;
    const { tool: name, message } = request;
    const definition = toolDefinitions().find((one) => one.name === name);
    if (definition === undefined) throw new WatchError('WK_NOT_FOUND', `there is no tool ${name}`);
    const tool = toolOf(definition);
    if (tool === null)
      throw new WatchError('WK_CONFLICT', `tool ${name} was written by a newer version than this server's`);
    const { command, parameters } = toolCommand(tool, request.parameters);
    return nodes.map((node) => ({
      ...asked,
      id: derivedId(asked.id, node.coreId),
      request: asked.id,
      pool,
      node: node.coreId,
      nodeName: node.name,
      tool: name,
      parameters,
      command,
      user: tool.user ?? null,
      timeoutMs: tool.timeout,
      outputBytesMax: tool.outputMax,
      from: { coreId: self.coreId, name: self.name },
      message: message ?? null,
      decision: null,
    }));
  }
}
