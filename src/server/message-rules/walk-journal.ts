import { decodeEntry } from '../../journal/decode-entry.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Entry } from '../../model/entry.ts';
import type { Message } from '../../model/message.ts';
import type { Origin, Positions } from '../../model/origin.ts';
import type { Uuid } from '../../model/uuid.ts';

const readBytesMax = 256 * 1_024;

/** A message as an entry of the journal brought it. */
export interface Arrived {
  readonly node: Uuid;
  readonly nodeName: string;
  readonly message: Message;
  /** Of a node of another pool, which shared it. */
  readonly isShared: boolean;
}

export interface WalkedEntry {
  readonly origin: Origin;
  readonly seq: number;
  readonly arrived: readonly Arrived[];
}

/**
 * The entries behind `after`, each origin in its order, a part at a time. Of an origin whose entries were trimmed before
 * they were walked, the first that is still here is next: `skipped` is told how many went.
 */
export function* walkJournal(
  journal: Pick<Journal, 'positions' | 'read' | 'firstKept'>,
  after: Positions,
  skipped: (origin: Origin, entries: number) => void,
): Generator<WalkedEntry> {
  for (const [origin, upTo] of Object.entries(journal.positions())) {
    let at = after[origin] ?? 0;
    const firstKept = journal.firstKept(origin);
    if (at < upTo && at + 1 < firstKept) {
      skipped(origin, firstKept - 1 - at);
      at = firstKept - 1;
      yield { origin, seq: at, arrived: [] };
    }
    while (at < upTo) {
      const entries = journal.read(origin, at, readBytesMax);
      for (const entry of entries) yield { origin, seq: entry.seq, arrived: arrivedIn(entry) };
      at = entries.at(-1)?.seq ?? upTo;
    }
  }
}

const bringMessages: ReadonlySet<string> = new Set(['messages', 'shared', 'decisions']);

/** What agents, servers and other pools reported, and what the acting server raised; nothing for an entry that nobody here can read. */
function arrivedIn(entry: Entry): Arrived[] {
  if (!bringMessages.has(entry.kind)) return [];
  const decoding = decodeEntry(entry);
  if (!('body' in decoding)) return [];
  const { body } = decoding;
  if (body.kind === 'messages') {
    const { node, nodeName, messages } = body.value;
    return messages.map((message) => ({ node, nodeName, message, isShared: false }));
  }
  if (body.kind === 'shared')
    return body.value.messages.map(({ node, nodeName, message }) => ({
      node,
      nodeName,
      message,
      isShared: true,
    }));
  if (body.kind !== 'decisions') return [];
  return body.value.decisions.flatMap((decision) =>
    decision.kind === 'raise'
      ? [{ node: decision.node, nodeName: decision.nodeName, message: decision.message, isShared: false }]
      : [],
  );
}
