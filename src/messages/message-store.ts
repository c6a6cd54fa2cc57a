import type { Applier, DecodedBody, EntryStamp } from '../journal/applier.ts';
import { decodeEntry } from '../journal/decode-entry.ts';
import type {
  MessageCounts,
  MessageDetail,
  MessagePage,
  MessagePageQuery,
  MessageView,
} from '../model/api.ts';
import type { Entry, RuleProgress } from '../model/entry.ts';
import { unreachable } from '../model/invariant.ts';
import type { Version } from '../model/operation.ts';
import type { OverviewSpan } from '../model/overview.ts';
import type { Origin } from '../model/origin.ts';
import { isInScope, type Scope } from '../model/rights.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Database } from '../runtime/database.ts';
import { ActionRows } from './action-rows.ts';
import { AuditRows } from './audit-rows.ts';
import { Connections, type NodeStatus } from './connections.ts';
import { Decisions } from './decisions.ts';
import { DefinitionHistory } from './definition-history.ts';
import { Duplicates } from './duplicates.ts';
import { Facts } from './facts.ts';
import { FilterIndex } from './filter-index.ts';
import { HeldMessages } from './held-messages.ts';
import { Marks } from './marks.ts';
import { MessageRows } from './message-rows.ts';
import { MessageViews } from './message-views.ts';
import { Nodes } from './nodes.ts';
import { PageQuery } from './page-query.ts';
import { PlaceCounts, type OpenPlaces } from './place-counts.ts';
import { Raises } from './raises.ts';
import { RoleHistory, type RoleChange } from './role-history.ts';
import { Sharing } from './sharing.ts';
import { ProgressRows } from './rule-progress.ts';
import { StampOrigins } from './stamp-origins.ts';
import { addToHash, hashText } from './state-hash.ts';
import { createMessageTables, derivedTables } from './tables.ts';
import { Totals } from './totals.ts';

/** An open message and the version of its state, which a decision to close it names as `seen`. */
export interface OpenMessage {
  readonly message: MessageView;
  readonly seen: Version | null;
}

/** What the journal means for messages: the tables derived from it, and every question about them. */
export class MessageStore implements Applier {
  readonly actions: ActionRows;
  readonly audit: AuditRows;
  readonly definitions: DefinitionHistory;
  readonly held: HeldMessages;
  readonly sharing: Sharing;
  readonly #database: Database;
  readonly #totals: Totals;
  readonly #index: FilterIndex;
  readonly #nodes: Nodes;
  readonly #places: PlaceCounts;
  readonly #duplicates: Duplicates;
  readonly #origins: StampOrigins;
  readonly #rows: MessageRows;
  readonly #marks: Marks;
  readonly #decisions: Decisions;
  readonly #roleHistory: RoleHistory;
  readonly #facts: Facts;
  readonly #connections: Connections;
  readonly #views: MessageViews;
  readonly #pages: PageQuery;

  private constructor(database: Database) {
    this.#database = database;
    this.actions = new ActionRows(database);
    this.audit = new AuditRows(database);
    this.definitions = new DefinitionHistory(database);
    this.#totals = new Totals(database);
    this.#index = new FilterIndex(database, (above) => this.#rows.indexed(above));
    this.#nodes = new Nodes(database);
    this.#places = new PlaceCounts(database);
    this.#duplicates = new Duplicates(database);
    this.#origins = new StampOrigins(database);
    this.#rows = new MessageRows({
      database,
      totals: this.#totals,
      index: this.#index,
      nodes: this.#nodes,
      origins: this.#origins,
      places: this.#places,
      duplicates: this.#duplicates,
    });
    this.#marks = new Marks(database, {
      totals: this.#totals,
      index: this.#index,
      places: this.#places,
      duplicates: this.#duplicates,
    });
    const raises = new Raises(database, this.#rows);
    this.#facts = new Facts(this.#rows, raises);
    this.held = new HeldMessages(database);
    this.#decisions = new Decisions(database, {
      totals: this.#totals,
      marks: this.#marks,
      raises,
      nodes: this.#nodes,
      held: this.held,
      progress: new ProgressRows(database),
      shared: (message) => this.sharing.decided(message),
    });
    this.sharing = new Sharing({
      database,
      totals: this.#totals,
      rows: this.#rows,
      nodes: this.#nodes,
      facts: this.#facts,
      marks: this.#marks,
      closesOf: (message) => this.#decisions.closesOf(message),
    });
    this.#roleHistory = new RoleHistory(database);
    this.#connections = new Connections(database, this.#totals, this.#nodes);
    this.#views = new MessageViews(database, {
      marks: this.#marks,
      decisions: this.#decisions,
      duplicates: this.#duplicates,
      sharing: this.sharing,
    });
    this.#pages = new PageQuery(database, {
      index: this.#index,
      nodes: this.#nodes,
      views: this.#views,
      duplicates: this.#duplicates,
    });
    this.#index.reload();
  }

  /** Makes the tables where they are missing. */
  static open(database: Database): MessageStore {
    createMessageTables(database);
    return new MessageStore(database);
  }

  apply(stamp: EntryStamp, body: DecodedBody): void {
    switch (body.kind) {
      case 'messages':
        return this.#facts.apply(body.value, stamp);
      case 'operations':
        for (const message of this.#marks.apply(body.value.operations, stamp.origin))
          this.sharing.derive(message);
        return;
      case 'shared':
        return this.sharing.applyShared(body.value, stamp);
      case 'settled':
        return this.sharing.applySettled(body.value, stamp);
      case 'connections':
        return this.#connections.apply(body.value.connections, stamp);
      case 'takeover':
        this.#roleHistory.apply(body.value, stamp);
        return this.#decisions.applyTakeover(body.value, stamp);
      case 'decisions':
        return this.#decisions.apply(body.value, stamp);
      case 'audit':
        return this.audit.apply(body.value.records, stamp);
      case 'definitions':
        return this.definitions.apply(body.value.changes);
      case 'actions':
        return this.actions.asked(body.value);
      case 'action-reports':
        return this.actions.told(body.value);
      default:
        return unreachable(body);
    }
  }

  beforeCommit(): void {
    this.#nodes.flush();
    this.#index.flush();
    this.#totals.flush();
  }

  afterRollback(): void {
    this.#totals.reload();
    this.#nodes.reload();
    this.#origins.reload();
    this.#decisions.reload();
    this.#places.forget();
    this.#duplicates.forget();
    this.#connections.reload();
    this.#index.reload();
  }

  page(query: MessagePageQuery, scope: Scope = null): MessagePage {
    return this.#pages.page(query, scope);
  }

  /** The same for a question that groups messages; the first one takes a while, like `countsWithin`. */
  async groupedPage(query: MessagePageQuery, scope: Scope, pause: () => Promise<void>): Promise<MessagePage> {
    await this.#duplicates.complete(pause);
    return this.page(query, scope);
  }

  /** Null when it is not here, or out of `scope`. */
  get(id: Uuid, scope: Scope = null): MessageDetail | null {
    const detail = this.#views.detail(id);
    return detail !== null && isInScope(scope, detail.message) ? detail : null;
  }

  /** The version of the message's state; null before the first operation or decision. */
  stateVersion(id: Uuid): Version | null {
    return this.#marks.markOf(id).stateVersion;
  }

  counts(): MessageCounts {
    return this.#totals.counts();
  }

  /** Of what is in `scope`. The first question takes a while: `pause` lets other work in between. */
  countsWithin(scope: Scope, pause: () => Promise<void>): Promise<MessageCounts> {
    const names = this.#nodes.names();
    return this.#places.counts(scope, (node) => names.get(node) ?? '', pause);
  }

  /** What is open where in `scope`, and how that came to be. The first question takes a while, as above. */
  overview(scope: Scope, span: OverviewSpan, nowMs: number, pause: () => Promise<void>): Promise<OpenPlaces> {
    const names = this.#nodes.names();
    return this.#places.overview({ scope, span, nowMs }, (node) => names.get(node) ?? '', pause);
  }

  /** Open messages of each group, of what is in `scope`; null: those without one. The first question takes a while, as above. */
  openByGroup(
    scope: Scope,
    pause: () => Promise<void>,
  ): Promise<ReadonlyMap<string | null, MessageCounts['open']>> {
    const names = this.#nodes.names();
    return this.#places.openByGroup(scope, (node) => names.get(node) ?? '', pause);
  }

  /** The messages that these entries are about, as they are now, each once. One out of view is left out. */
  changedBy(entries: readonly Entry[], scope: Scope = null): MessageView[] {
    const ids = new Set<Uuid>();
    for (const entry of entries) for (const id of this.#idsIn(entry)) ids.add(id);
    return [...ids]
      .map((id) => this.#views.byId(id))
      .filter((view) => view !== null)
      .filter((view) => isInScope(scope, view));
  }

  /** The newest open message with that key. */
  openByKey(key: string): OpenMessage | null {
    const [message] = this.page({ key, state: 'open', order: 'newest', limit: 1 }).messages;
    return message ? { message, seen: this.#marks.markOf(message.id).stateVersion } : null;
  }

  /** Which run of each server is the newest is the journal's knowledge (`newestOriginOf`). */
  nodes(newestOriginOf: (server: Uuid) => Origin | null): NodeStatus[] {
    return this.#connections.statuses(newestOriginOf);
  }

  /** Nodes connected to one of these runs of servers. */
  connectedTo(origins: readonly Origin[]): ReadonlySet<Uuid> {
    return this.#connections.connectedTo(origins);
  }

  /** When any server heard the node last; null for a node that was never connected. */
  lastHeardMs(node: Uuid): number | null {
    return this.#connections.lastHeardMs(node);
  }

  /** From where a node came last, and on what it says it runs; null for one that was never connected. */
  lastSeen(node: Uuid): { readonly address: string; readonly system: string | null } | null {
    return this.#connections.lastSeen(node);
  }

  /** Changes of a role's holder, the newest first; below an epoch where one is given. */
  roleChanges(role: string, limit: number, belowEpoch?: number): RoleChange[] {
    return this.#roleHistory.list(role, limit, belowEpoch);
  }

  /** Whether rules of service hours or outages have decided about the message already. */
  isHandled(id: Uuid): boolean {
    return this.#decisions.closesOf(id).some(({ handling, void: dead }) => handling !== null && !dead);
  }

  /** How far holders of the role have asked the rules of servers; null where none ever did. */
  ruleProgress(role: string): RuleProgress | null {
    return this.#decisions.progress(role);
  }

  highestEpochs(): Readonly<Record<string, number>> {
    return this.#decisions.epochs();
  }

  /** Equal on servers at equal positions, whatever the order in which they got there. */
  stateHash(): string {
    return hashText(this.#totals.hash);
  }

  /** The same from all rows: for the checker. Takes seconds for a million messages. */
  recomputeStateHash(): string {
    let sum = 0;
    for (const part of [this.#rows, this.#marks, this.#decisions, this.#connections, this.sharing])
      for (const hash of part.hashes()) sum = addToHash(sum, hash);
    return hashText(sum);
  }

  /** Derives everything anew from all entries of the journal, in one transaction; only where none was trimmed. */
  rebuild(entries: Iterable<Entry>): void {
    try {
      this.#database.transaction(() => {
        for (const table of derivedTables) this.#database.exec(`DELETE FROM ${table}`);
        this.afterRollback();
        for (const entry of entries) {
          const decoding = decodeEntry(entry);
          if ('body' in decoding) this.apply(entry, decoding.body);
        }
        this.beforeCommit();
      });
    } catch (error) {
      this.afterRollback();
      throw error;
    }
  }

  #idsIn(entry: Entry): Uuid[] {
    const decoding = decodeEntry(entry);
    if (!('body' in decoding)) return [];
    const { body } = decoding;
    switch (body.kind) {
      case 'messages':
        return body.value.messages.map(({ id }) => id);
      case 'operations':
        return body.value.operations.map(({ message }) => message);
      case 'shared':
        return body.value.messages.map(({ message }) => message.id);
      case 'settled':
        return [...new Set(body.value.items.map(({ message }) => message))];
      case 'decisions':
        return body.value.decisions.map((decision) =>
          decision.kind === 'raise' ? decision.message.id : decision.message,
        );
      case 'takeover':
        return this.#decisions.touchedBy(body.value);
      case 'connections':
      case 'audit':
      case 'definitions':
      case 'actions':
      case 'action-reports':
        return [];
      default:
        return unreachable(body);
    }
  }
}
