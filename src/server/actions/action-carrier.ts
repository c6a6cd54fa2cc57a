import { z } from 'zod';
import { encodeBody } from '../../journal/body.ts';
import type { Journal } from '../../journal/journal.ts';
import { decodeEntry } from '../../journal/decode-entry.ts';
import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import { epochOf, readOrder, type ActionRows } from '../../messages/action-rows.ts';
import {
  actionReportSchema,
  reportsMax,
  type ActionOrder,
  type ActionReport,
  type SignedOrder,
} from '../../model/action.ts';
import type { NodeDefinition } from '../../model/definitions.ts';
import type { Entry } from '../../model/entry.ts';
import { textOf, WatchError } from '../../model/errors.ts';
import { whyNotParsed } from '../../model/json-bounds.ts';
import type { Operation } from '../../model/operation.ts';
import { parseJson } from '../../model/parse-json.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { ServerDepot } from '../depot/server-depot.ts';
import type { Copies } from '../health/copies.ts';
import { acknowledgement, resultAnnotation, type MessageNow } from './result-annotation.ts';

/** The protocol that brought actions over the link. */
export const actionsSince = 4;

const reportsBounds = { depthMax: 8, valuesMax: 100 * reportsMax };
const reportsSchema = z.array(actionReportSchema).min(1).max(reportsMax);
/** Reports of one agent that wait for being stored; it has one batch on its way. */
const storingMax = 4;

interface Ports {
  readonly journal: Pick<Journal, 'append' | 'nextHlc'>;
  readonly rows: ActionRows;
  readonly copies: Copies;
  /** Files that agents can be given here. */
  readonly depot: Pick<ServerDepot, 'has' | 'onChange'>;
  readonly clock: Clock;
  readonly log: Log;
  /** False for a server that is no longer of this pool: what it asked for is begun by nobody. */
  readonly isServer: (coreId: Uuid) => boolean;
  readonly stateOf: (message: Uuid) => MessageNow;
}

/** An agent that is connected to this server. */
interface Carried {
  readonly node: NodeDefinition;
  readonly connection: Pick<LinkConnection, 'send' | 'refuse'>;
  /** What was said on this connection already, and in the name of which epoch. */
  readonly offered: Map<Uuid, number>;
  storing: number;
}

/**
 * Brings connected agents what they are asked to do, whichever server was asked, and takes what they tell of it. Nothing is
 * remembered of what was brought: whatever a node has not told the end of is said again on its next connection, here or
 * elsewhere, and it is the agent that does it at most once. An agent asks before it begins, so that an order which lay in
 * the buffers of a slow connection, or of a machine that stood still, is not begun late.
 */
export class ActionCarrier {
  readonly #ports: Ports;
  readonly #carried = new Map<Uuid, Carried>();
  /** Those who were not brought something, since files that it needs are not here yet. */
  readonly #short = new Set<Carried>();

  constructor(ports: Ports) {
    this.#ports = ports;
    ports.depot.onChange(() => this.#filesCame());
  }

  connected(node: NodeDefinition, connection: LinkConnection): { ended(): void } {
    if (connection.protocol < actionsSince) return { ended: () => undefined };
    const carried: Carried = { node, connection, offered: new Map(), storing: 0 };
    this.#carried.set(node.coreId, carried);
    this.#offerOpen(carried);
    return {
      ended: () => {
        this.#short.delete(carried);
        // Else it has connected anew, on another connection.
        if (this.#carried.get(node.coreId) === carried) this.#carried.delete(node.coreId);
      },
    };
  }

  /** These were committed, whoever wrote them. */
  committed(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.kind !== 'actions' || this.#carried.size === 0) continue;
      const decoding = decodeEntry(entry);
      if (!('body' in decoding) || decoding.body.kind !== 'actions') continue;
      const { certificate, actions } = decoding.body.value;
      for (const { order: text, signature } of actions) {
        const order = readOrder(text);
        const carried = order === null ? undefined : this.#carried.get(order.node);
        if (order && carried) this.#offer(carried, order, { order: text, signature, certificate });
      }
    }
  }

  #offerOpen(carried: Carried): void {
    for (const { order, signed } of this.#ports.rows.openOf(carried.node.coreId))
      this.#offer(carried, order, signed);
  }

  /** One that needs files which are not here yet is brought when they are. */
  #offer(carried: Carried, order: ActionOrder, signed: SignedOrder): void {
    const isShort = order.depot?.some(({ sha256 }) => !this.#ports.depot.has(sha256)) ?? false;
    if (isShort) this.#short.add(carried);
    else offer(carried, order, signed);
  }

  #filesCame(): void {
    const waiting = [...this.#short];
    this.#short.clear();
    for (const carried of waiting)
      if (this.#carried.get(carried.node.coreId) === carried) this.#offerOpen(carried);
  }

  /** Whether something that the node was asked to do, and has not told the end of, brings that file of the depot along. */
  names({ coreId }: NodeDefinition, sha256: string): boolean {
    const open = this.#ports.rows.openOf(coreId);
    return open.some(({ order }) => order.depot?.some((file) => file.sha256 === sha256) ?? false);
  }

  /** The agent would begin. Throws what refuses it. */
  ready(node: NodeDefinition, connection: LinkConnection, { id }: LinkMessageOf<'actionReady'>): void {
    const { rows, clock, isServer } = this.#ports;
    const order = rows.get(id)?.order ?? null;
    if (order?.node !== node.coreId)
      throw new WatchError('WK_DENIED', `node ${node.name} was not asked to do ${id}`);
    const leftMs = isServer(order.from.coreId) ? Math.max(0, order.deadlineMs - clock.wallMs()) : 0;
    connection.send({ type: 'actionGo', id, withinMs: leftMs });
  }

  /** Throws what refuses the agent. */
  told(
    node: NodeDefinition,
    connection: LinkConnection,
    { batch }: LinkMessageOf<'actionReports'>,
    bytes: Uint8Array,
  ): void {
    const carried = this.#carried.get(node.coreId);
    if (carried?.connection !== connection) return;
    if (carried.storing >= storingMax)
      throw new WatchError('WK_OVERLOADED', `more than ${storingMax} batches of reports are unanswered`);
    const reports = readReports(bytes);
    carried.storing += 1;
    void this.#store(carried, batch, reports);
  }

  async #store(carried: Carried, batch: number, reports: ActionReport[]): Promise<void> {
    const { copies, log } = this.#ports;
    const { node, connection } = carried;
    const stored = (count: number): void => {
      connection.send({ type: 'actionReportsStored', batch, copies: count, wanted: copies.wanted });
    };
    try {
      const seq = await this.#append(node.coreId, reports);
      copies.wait({ seq, copies: stored });
    } catch (error) {
      log.warn('what an agent told of actions could not be stored', {
        node: node.name,
        error: textOf(error),
      });
      stored(0);
    } finally {
      carried.storing -= 1;
    }
  }

  /** The sequence number of the last entry: who has that one has those before it. */
  async #append(node: Uuid, reports: ActionReport[]): Promise<number> {
    const { journal } = this.#ports;
    const body = { node, reports };
    const entry = await journal.append(
      { kind: 'action-reports', body: encodeBody('action-reports', body) },
      body,
    );
    const operations = reports.flatMap((report) => this.#operations(node, report));
    if (operations.length === 0) return entry.seq;
    const said = { operations };
    return (await journal.append({ kind: 'operations', body: encodeBody('operations', said) }, said)).seq;
  }

  /** The reports are applied by now, so that the rows have all of the output. */
  #operations(node: Uuid, report: ActionReport): Operation[] {
    const { rows, journal, stateOf } = this.#ports;
    if (report.kind !== 'ended') return [];
    const order = rows.get(report.action)?.order;
    if (order === undefined || order.node !== node || order.message === null) return [];
    const { message } = order;
    const now = stateOf(message);
    const hlc = Math.max(journal.nextHlc(), now.stateHlc + 1);
    const about = { ...order, message };
    const annotation = resultAnnotation(about, now.node, report, rows.output(order, 0, 1_000), hlc);
    return [annotation, ...acknowledgement(about, report, now, hlc)];
  }
}

function offer({ connection, offered }: Carried, order: ActionOrder, signed: SignedOrder): void {
  const { id } = order;
  const epoch = epochOf(order);
  if ((offered.get(id) ?? -1) >= epoch) return;
  offered.set(id, epoch);
  connection.send({ type: 'action', id }, new TextEncoder().encode(JSON.stringify(signed)));
}

function readReports(bytes: Uint8Array): ActionReport[] {
  const why = whyNotParsed(bytes, reportsBounds);
  if (why !== null) throw new WatchError('WK_TOO_LARGE', `reports of actions are not read: ${why}`);
  const result = reportsSchema.safeParse(parseJson(bytes));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new WatchError('WK_BAD_REQUEST', `reports of actions: ${issue?.path.join('.')}: ${issue?.message}`);
}
