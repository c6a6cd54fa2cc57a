import type { MessageDetail, MessageView, OperationView } from '../model/api.ts';
import { hlcMs } from '../model/hlc.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Database, Statement } from '../runtime/database.ts';
import type { CloseRecord, Decisions } from './decisions.ts';
import type { Duplicates } from './duplicates.ts';
import { idBytes } from './id-bytes.ts';
import type { Marks } from './marks.ts';
import type { StoredOperation } from './merge.ts';
import type { Sharing } from './sharing.ts';
import { messageOf, type MessageColumns } from './message-columns.ts';

type ViewRow = MessageColumns & {
  readonly row: number;
  readonly hlc: number;
  readonly node: Uuid;
  readonly nodeName: string;
  readonly state: number | null;
  readonly owner: string | null;
  readonly annotations: number | null;
  readonly acknowledgedMs: number | null;
  readonly acknowledgedBy: string | null;
};

const select = `SELECT m.row, m.id, m.severity, m.created_ms AS createdMs, m.hlc, m.text, m.application, m.object,
    m.message_group AS messageGroup, m.key, m.source, m.attributes, n.core_id AS node, n.name AS nodeName,
    k.state, k.owner, k.annotations, k.acknowledged_ms AS acknowledgedMs, k.acknowledged_by AS acknowledgedBy
  FROM messages m JOIN nodes n ON n.number = m.node LEFT JOIN marks k ON k.message = m.id`;

/** Reads messages as people see them. */
export class MessageViews {
  readonly #byId: Statement;
  readonly #byRow: Statement;
  readonly #marks: Marks;
  readonly #decisions: Decisions;
  readonly #duplicates: Duplicates;
  readonly #sharing: Pick<Sharing, 'detail'>;

  constructor(
    database: Database,
    {
      marks,
      decisions,
      duplicates,
      sharing,
    }: {
      readonly marks: Marks;
      readonly decisions: Decisions;
      readonly duplicates: Duplicates;
      readonly sharing: Pick<Sharing, 'detail'>;
    },
  ) {
    this.#sharing = sharing;
    this.#byId = database.prepare(`${select} WHERE m.id = ?`);
    this.#byRow = database.prepare(`${select} WHERE m.row = ?`);
    this.#marks = marks;
    this.#decisions = decisions;
    this.#duplicates = duplicates;
  }

  byId(id: Uuid): MessageView | null {
    const row = this.#byId.get<ViewRow>(idBytes(id));
    return row ? this.#viewOf(row) : null;
  }

  byRow(row: number): MessageView | null {
    const stored = this.#byRow.get<ViewRow>(row);
    return stored ? this.#viewOf(stored) : null;
  }

  detail(id: Uuid): MessageDetail | null {
    const message = this.byId(id);
    if (!message) return null;
    const operations = [
      ...this.#marks
        .operationsOn(id)
        .map((operation) => ({ hlc: operation.hlc, view: viewOfOperation(operation) })),
      ...this.#decisions.closesOf(id).map((close) => ({ hlc: close.hlc, view: viewOfClose(close) })),
    ];
    operations.sort((a, b) => a.hlc - b.hlc || (a.view.id < b.view.id ? -1 : 1));
    const sharing = this.#sharing.detail(id);
    return { message, operations: operations.map(({ view }) => view), ...(sharing && { sharing }) };
  }

  #viewOf(row: ViewRow): MessageView {
    const same = this.#duplicates.sameAs(row.row);
    return { ...viewOf(row), ...(same !== null && { same }) };
  }
}

function viewOf(row: ViewRow): MessageView {
  return {
    ...messageOf(row),
    node: row.node,
    nodeName: row.nodeName,
    state: row.state === 1 ? 'acknowledged' : 'open',
    owner: row.owner,
    annotations: row.annotations ?? 0,
    receivedMs: hlcMs(row.hlc),
    acknowledgedMs: row.acknowledgedMs,
    acknowledgedBy: row.acknowledgedBy,
  };
}

function viewOfOperation({ id, kind, by, hlc, text }: StoredOperation): OperationView {
  return { id, kind, by, atMs: hlcMs(hlc), ...(text !== undefined && { text }) };
}

function viewOfClose(record: CloseRecord): OperationView {
  const { id, role, epoch, hlc, because, void: dead, handling, untilMs } = record;
  const decision = {
    role,
    epoch,
    void: dead,
    ...(handling !== null && { handling, untilMs }),
  };
  const kind = record.kind === 'close' ? 'acknowledge' : 'unacknowledge';
  return { id, kind, by: role, atMs: hlcMs(hlc), text: because, decision };
}
