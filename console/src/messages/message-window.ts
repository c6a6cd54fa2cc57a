import type { MessagePage, MessageView } from '../../../src/model/api.ts';

/**
 * The part of all messages that the browser holds: one run without gaps, newest first. What lies beyond its ends is on
 * the server. A value; every change makes a new one.
 */
export interface MessageWindow {
  readonly rows: readonly MessageView[];
  /** Whether the server has more beyond that end. */
  readonly hasNewer: boolean;
  readonly hasOlder: boolean;
}

export const emptyWindow: MessageWindow = { rows: [], hasNewer: false, hasOlder: true };

const noIds: ReadonlySet<string> = new Set();

/** More rows than a person reads, few enough to be handled within a frame. */
export const rowsMax = 3_000;

/** A page of the newest, or (`hasNewer`) of what comes after some place. */
export function windowOf({ messages, next }: MessagePage, hasNewer: boolean): MessageWindow {
  return { rows: messages, hasNewer, hasOlder: next !== null };
}

/** The next page towards the past; the newest rows go when there are too many. */
export function withOlder(window: MessageWindow, { messages, next }: MessagePage): MessageWindow {
  const rows = merge(window.rows, messages);
  const cut = Math.max(0, rows.length - rowsMax);
  return { rows: rows.slice(cut), hasNewer: window.hasNewer || cut > 0, hasOlder: next !== null };
}

/** The next page towards the present, which the server gave oldest first; the oldest rows go when there are too many. */
export function withNewer(window: MessageWindow, { messages, next }: MessagePage): MessageWindow {
  const rows = merge(window.rows, messages);
  return {
    rows: rows.slice(0, rowsMax),
    hasNewer: next !== null,
    hasOlder: window.hasOlder || rows.length > rowsMax,
  };
}

/**
 * Messages that changed, as they are now. Those that no longer pass the filter go; new ones come in at their place,
 * unless that is beyond an end behind which the server has more. `keepOldest`: somebody is reading there.
 * `leaving`: rows that go although they did not change.
 */
export function withChanges(
  window: MessageWindow,
  changed: readonly MessageView[],
  passes: (message: MessageView) => boolean,
  keepOldest: boolean,
  leaving: ReadonlySet<string> = noIds,
): MessageWindow {
  if (changed.length === 0) return window;
  const [first, last] = [window.rows.at(0), window.rows.at(-1)];
  const latest = new Map(changed.map((message) => [message.id, message]));
  const kept = window.rows.flatMap((row) => {
    const message = latest.get(row.id);
    if (message === undefined) return leaving.has(row.id) ? [] : row;
    latest.delete(row.id);
    return passes(message) ? message : [];
  });
  let hasNewer = window.hasNewer;
  const added = [...latest.values()].filter((message) => {
    if (!passes(message)) return false;
    if (hasNewer && (first === undefined || message.id > first.id)) return false;
    return !(window.hasOlder && (last === undefined || message.id < last.id));
  });
  if (added.length === 0 && kept.length === window.rows.length && same(kept, window.rows)) return window;
  const rows = added.length === 0 ? kept : merge(kept, added);
  if (rows.length <= rowsMax) return { ...window, rows };
  if (!keepOldest) return { rows: rows.slice(0, rowsMax), hasNewer, hasOlder: true };
  hasNewer = true;
  return { rows: rows.slice(rows.length - rowsMax), hasNewer, hasOlder: window.hasOlder };
}

function same(a: readonly MessageView[], b: readonly MessageView[]): boolean {
  return a.every((row, at) => row === b[at]);
}

/** Both newest first or not; each ID once, the second list's view of it. */
function merge(a: readonly MessageView[], b: readonly MessageView[]): MessageView[] {
  const byId = new Map([...a, ...b].map((message) => [message.id, message]));
  return [...byId.values()].sort((left, right) => (left.id < right.id ? 1 : -1));
}

/** A cursor just behind a message, so that a page of what is older begins with it. */
export function cursorAbove(id: string): string {
  const number = BigInt(`0x${id.replaceAll('-', '')}`) + 1n;
  const hex = number.toString(16).padStart(32, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A cursor that stands for a time: what is older than it was made before. */
export function cursorAt(wallMs: number): string {
  const hex = Math.max(0, Math.floor(wallMs)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`;
}
