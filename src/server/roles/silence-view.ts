import type { MessageStore } from '../../messages/message-store.ts';
import type { NodeDefinition } from '../../model/definitions.ts';
import type { MessageView } from '../../model/api.ts';
import type { Decision, Entry } from '../../model/entry.ts';
import type { Origin } from '../../model/origin.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Clock } from '../../runtime/clock.ts';
import { silenceKey, type OpenSilence } from './acting.ts';
import type { SilenceInput } from './silence.ts';

/** Looking through the open messages goes on at the next look when it took so long: nothing else runs meanwhile. */
const lookMsMax = 100;
const pageMessages = 1_000;
/** Nodes that are back are looked at in detail, so many at a time. */
const backMax = 500;

interface Ports {
  readonly messages: Pick<
    MessageStore,
    'page' | 'get' | 'stateVersion' | 'connectedTo' | 'lastHeardMs' | 'changedBy'
  >;
  readonly clock: Clock;
  nodes(): readonly NodeDefinition[];
  /** The runs of the servers that are alive: only their word about connections counts. */
  liveOrigins(): readonly Origin[];
}

export interface SilenceLook extends SilenceInput {
  readonly messages: ReadonlyMap<Uuid, OpenSilence>;
  /** False until the open messages were looked through once: which nodes are reported is not known before. */
  readonly complete: boolean;
}

/**
 * What the acting server must know to decide about silent nodes, gathered from the tables. The open messages are looked
 * through again only when one of them may have changed (`changed`). No look takes longer for there being thousands of silent nodes: a server that is busy with them for 2 s counts as hung, and so would the next.
 */
export class SilenceView {
  readonly #ports: Ports;
  /** Nodes whose silence was seen to be reported already; forgotten when they connect. */
  readonly #reported = new Set<Uuid>();
  /** The newest open message about each node, as of the last time all were looked through. */
  #open: Map<Uuid, Uuid> = new Map();
  #looking: { readonly open: Map<Uuid, Uuid>; cursor: Uuid | null } | null = null;
  #complete = false;
  /** Something that a look would find may have changed since the last one began. */
  #isStale = true;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  gather(): SilenceLook {
    const nodes = this.#ports.nodes();
    const connected = this.#ports.messages.connectedTo(this.#ports.liveOrigins());
    if (this.#isStale || this.#looking !== null) this.#look();
    for (const node of this.#open.keys()) this.#reported.add(node);
    for (const node of this.#reported) if (connected.has(node)) this.#reported.delete(node);
    const messages = this.#openOf(connected);
    const open = new Set(messages.keys());
    return { nodes, connected, reported: this.#reported, open, messages, complete: this.#complete };
  }

  /** Whether a message about it stands; also when an operator has acknowledged it since. Takes milliseconds. */
  wasReported(node: Uuid): boolean {
    const { messages } = this.#ports;
    const sinceMs = messages.lastHeardMs(node) ?? 0;
    const found = messages.page({ key: silenceKey(node), sinceMs, order: 'newest', limit: 1 }).messages;
    if (found.length > 0) this.#reported.add(node);
    return found.length > 0;
  }

  /** These are stored; the next look need not find them to know. */
  decided(decisions: readonly Decision[]): void {
    const closed = new Set<Uuid>();
    for (const decision of decisions)
      if (decision.kind === 'raise') this.#reported.add(decision.node);
      else if (decision.kind === 'close') closed.add(decision.message);
    if (closed.size === 0) return;
    for (const open of [this.#open, this.#looking?.open ?? new Map<Uuid, Uuid>()])
      for (const [node, message] of open) if (closed.has(message)) open.delete(node);
  }

  /** These entries are stored, whoever made them. Cheap for what agents send: only decisions and operators change silences. */
  changed(entries: readonly Entry[]): void {
    this.#isStale ||= entries.some((entry) => this.#mayMatter(entry));
  }

  #mayMatter(entry: Entry): boolean {
    if (entry.kind === 'decisions' || entry.kind === 'takeover') return true;
    if (entry.kind !== 'operations') return false;
    return this.#ports.messages.changedBy([entry]).some(({ key }) => nodeOfKey(key) !== null);
  }

  /** A decision of ours may have been void: look again from scratch. */
  forget(): void {
    this.#reported.clear();
    this.#open = new Map();
    this.#looking = null;
    this.#complete = false;
    this.#isStale = true;
  }

  /** What stands open about nodes that are back. */
  #openOf(connected: ReadonlySet<Uuid>): Map<Uuid, OpenSilence> {
    const { messages } = this.#ports;
    const found = new Map<Uuid, OpenSilence>();
    for (const [node, message] of this.#open) {
      if (!connected.has(node)) continue;
      if (found.size >= backMax) break;
      if (messages.get(message)?.message.state === 'open')
        found.set(node, { message, seen: messages.stateVersion(message) });
      else this.#open.delete(node);
    }
    return found;
  }

  #look(): void {
    const { clock } = this.#ports;
    const startedMs = clock.monotonicMs();
    if (this.#looking === null) this.#isStale = false;
    this.#looking ??= { open: new Map(), cursor: null };
    do {
      const { open, cursor } = this.#looking;
      const page = this.#page(cursor);
      for (const { key, id } of page.messages) {
        const node = nodeOfKey(key);
        if (node !== null && !open.has(node)) open.set(node, id);
      }
      if (page.next === null) return this.#looked(open);
      this.#looking.cursor = page.next;
    } while (clock.monotonicMs() - startedMs < lookMsMax);
  }

  #looked(open: Map<Uuid, Uuid>): void {
    this.#open = open;
    this.#looking = null;
    this.#complete = true;
  }

  #page(cursor: Uuid | null): { messages: readonly MessageView[]; next: string | null } {
    const after = cursor === null ? {} : { cursor };
    const filter = { group: 'watchkeeper', state: 'open', order: 'newest', limit: pageMessages } as const;
    return this.#ports.messages.page({ ...filter, ...after });
  }
}

function nodeOfKey(key: string | undefined): Uuid | null {
  const prefix = silenceKey('');
  return key?.startsWith(prefix) ? key.slice(prefix.length) : null;
}
