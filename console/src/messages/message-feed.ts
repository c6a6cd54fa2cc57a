import {
  messagePageSchema,
  type LiveEvent,
  type MessagePage,
  type MessageView,
} from '../../../src/model/api.ts';
import { textOf } from '../../../src/model/errors.ts';
import { matchesFilter } from '../../../src/model/message-filter.ts';
import { ask } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { Store } from '../browser/store.ts';
import type { LiveListener } from '../live/live-stream.ts';
import { groupedChanges } from './grouped-changes.ts';
import {
  cursorAbove,
  cursorAt,
  emptyWindow,
  windowOf,
  withChanges,
  withNewer,
  withOlder,
  type MessageWindow,
} from './message-window.ts';
import { isGrouped, messageFilterOf, queryOf, type ViewFilter } from './view-filter.ts';

export interface FeedState {
  readonly window: MessageWindow;
  /** The state whose messages each of these rows stands for; null where each stands for itself. */
  readonly grouping: ViewFilter['state'] | null;
  /** `first`: nothing to show yet; `newer`, `older`: a page is on its way at that end. */
  readonly loading: 'first' | 'newer' | 'older' | null;
  readonly error: string | null;
  readonly isPaused: boolean;
  /** Messages that changed while paused. */
  readonly waiting: number;
}

const pageRows = 200;
/** Live changes are shown at most ten times a second, however many there are. */
const showEveryMs = 100;
/** Who stands for a group now is asked for at most this often. */
const askAgainMs = 1_000;
/** Of more changes than this while paused only the number is kept; going on reads anew then. */
const waitingMax = 5_000;

/**
 * The messages that pass one filter, as they are now. Modes: paused or not; reading a page or not.
 *
 * Pages and live changes meet here. A page was read before it arrives, so changes that came while it was on its way are
 * laid over it: nothing is missing, and nothing is shown older than it is known to be.
 */
export class MessageFeed implements LiveListener {
  readonly state = new Store<FeedState>({
    window: emptyWindow,
    grouping: null,
    loading: 'first',
    error: null,
    isPaused: false,
    waiting: 0,
  });
  #filter: ViewFilter;
  #reading: AbortController | null = null;
  /** Changes since the page that is on its way was asked for. */
  readonly #meanwhile = new Map<string, MessageView>();
  readonly #unshown = new Map<string, MessageView>();
  #missed = false;
  /** The stream opened while a first page was on its way: what happened in between is in neither. */
  #isStale = false;
  #showing: { cancel(): void } | null = null;
  #askingAgain: { cancel(): void } | null = null;
  /** Set by the table: somebody has scrolled away from the newest. */
  isReadingBelow = false;

  constructor(filter: ViewFilter) {
    this.#filter = filter;
  }

  setFilter(filter: ViewFilter): void {
    this.#filter = filter;
    this.reload();
  }

  /** Reads from the newest on, or from a time; what is shown stays until the answer is there. */
  reload(beforeMs: number | null = null): void {
    this.#askingAgain?.cancel();
    this.#askingAgain = null;
    this.#unshown.clear();
    this.#missed = false;
    this.#patch({ waiting: 0 });
    const cursor = beforeMs === null ? {} : { cursor: cursorAt(beforeMs) };
    void this.#read('first', cursor, (page) => windowOf(page, beforeMs !== null));
  }

  /** The other end: from the very first message on. */
  reloadOldest(): void {
    void this.#read('first', { order: 'oldest' }, ({ messages, next }) => ({
      rows: messages.toReversed(),
      hasNewer: next !== null,
      hasOlder: false,
    }));
  }

  loadOlder(): void {
    const { window, loading } = this.state.get();
    const last = window.rows.at(-1);
    if (loading !== null || !window.hasOlder || last === undefined) return;
    void this.#read('older', { cursor: last.id }, (page) => withOlder(this.state.get().window, page));
  }

  loadNewer(): void {
    const { window, loading } = this.state.get();
    const first = window.rows.at(0);
    if (loading !== null || !window.hasNewer || first === undefined) return;
    void this.#read('newer', { cursor: first.id, order: 'oldest' }, (page) =>
      withNewer(this.state.get().window, page),
    );
  }

  pause(): void {
    this.#show();
    this.#patch({ isPaused: true });
  }

  resume(): void {
    this.#patch({ isPaused: false, waiting: 0 });
    if (this.#missed) this.#readAgain();
    else this.#show();
  }

  opened(resumed: boolean): void {
    // Another server may answer now, which has not counted yet what says the same, so its events do not tell.
    const mustRead = !resumed || this.#filter.grouped || this.#filter.same !== '';
    // What is on its way is shown first: so the first rows come sooner.
    if (mustRead && this.state.get().loading === 'first') this.#isStale = true;
    else if (mustRead) this.#readAgain();
    else if (this.state.get().error !== null) this.#readAgain();
  }

  event(event: LiveEvent): void {
    if (event.type === 'reset') return this.#readAgain();
    if (event.type !== 'messages' || event.messages.length === 0) return;
    for (const message of event.messages) {
      if (this.#reading !== null) this.#meanwhile.set(message.id, message);
      this.#unshown.set(message.id, message);
    }
    if (this.state.get().isPaused) this.#countWaiting();
    else this.#showing ??= door.after(showEveryMs, () => this.#show());
  }

  #countWaiting(): void {
    if (this.#unshown.size > waitingMax) {
      this.#missed = true;
      this.#unshown.clear();
    }
    const passing = [...this.#unshown.values()].filter(this.#passes()).length;
    this.#patch({ waiting: this.#missed ? waitingMax : passing });
  }

  #show(): void {
    this.#showing?.cancel();
    this.#showing = null;
    const changed = [...this.#unshown.values()];
    this.#unshown.clear();
    const { window } = this.state.get();
    this.#patch({ window: this.#changedWindow(window, changed, this.isReadingBelow) });
  }

  #changedWindow(window: MessageWindow, changed: readonly MessageView[], keepOldest: boolean): MessageWindow {
    if (!isGrouped(this.#filter)) return withChanges(window, changed, this.#passes(), keepOldest);
    const now = groupedChanges(window.rows, changed, this.#filter.state);
    if (now.isStale) this.#askingAgain ??= door.after(askAgainMs, () => this.#askAgain());
    return withChanges(window, now.changed, this.#passes(), keepOldest, now.leaving);
  }

  #askAgain(): void {
    this.#askingAgain = null;
    if (isGrouped(this.#filter) && !this.state.get().isPaused) this.#readAgain();
  }

  /** The same stretch of messages once more, since some changes were missed. */
  #readAgain(): void {
    const { window, loading } = this.state.get();
    const first = window.rows.at(0);
    if (first === undefined || loading === 'first' || !window.hasNewer) return this.reload();
    void this.#read('first', { cursor: cursorAbove(first.id) }, (page) => windowOf(page, true));
  }

  #passes(): (message: MessageView) => boolean {
    const filter = messageFilterOf(this.#filter, door.nowMs());
    return (message) => matchesFilter(message, filter);
  }

  async #read(
    loading: 'first' | 'newer' | 'older',
    page: { readonly cursor?: string; readonly order?: 'newest' | 'oldest' },
    use: (page: MessagePage) => MessageWindow,
  ): Promise<void> {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    this.#meanwhile.clear();
    this.#isStale = false;
    this.#patch({ loading, error: null });
    const grouping = isGrouped(this.#filter) ? this.#filter.state : null;
    const grouped = grouping === null ? {} : { grouped: true };
    const asked = { limit: pageRows, ...page, ...grouped };
    const query = queryOf(messageFilterOf(this.#filter, door.nowMs()), asked);
    try {
      const answer = await ask(`/api/v1/messages?${query}`, messagePageSchema, { signal: reading.signal });
      if (reading.signal.aborted) return;
      const wasStale = this.#isStale;
      const window = this.#changedWindow(use(answer), [...this.#meanwhile.values()], false);
      this.#reading = null;
      this.#patch({ window, grouping, loading: null });
      if (wasStale) this.#readAgain();
    } catch (error) {
      if (reading.signal.aborted) return;
      this.#reading = null;
      this.#patch({ loading: null, error: textOf(error) });
    }
  }

  #patch(change: Partial<FeedState>): void {
    this.state.update((before) => ({ ...before, ...change }));
  }
}
