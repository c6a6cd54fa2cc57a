import { messagePageSchema, type MessageFilter, type MessageView } from '../../../src/model/api.ts';
import { ask } from '../api/api.ts';
import { queryOf } from './view-filter.ts';

/** What a browser can hold comfortably; the rest is said to be left out. */
export const exportRowsMax = 2_000_000;
const pageRows = 1_000;

/**
 * All messages that pass, newest first, as they are when their page is read, as the parts of a file. The browser keeps
 * the parts on its disk where they are many, so that a million messages need no more memory than a page of them.
 */
export async function readParts(
  filter: MessageFilter,
  form: { readonly begin: string; readonly make: (rows: readonly MessageView[]) => string },
  signal: AbortSignal,
  onProgress: (rows: number) => void,
): Promise<{ parts: Blob[]; rows: number; isCut: boolean }> {
  const parts = [new Blob([form.begin])];
  let rows = 0;
  let cursor: string | null = null;
  do {
    const query = queryOf(filter, { limit: pageRows, ...(cursor !== null && { cursor }) });
    const page: { messages: MessageView[]; next: string | null } = await ask(
      `/api/v1/messages?${query}`,
      messagePageSchema,
      { signal, timeoutMs: 30_000 },
    );
    parts.push(new Blob([form.make(page.messages)]));
    rows += page.messages.length;
    cursor = page.next;
    onProgress(rows);
  } while (cursor !== null && rows < exportRowsMax);
  return { parts, rows, isCut: cursor !== null };
}

const columns: readonly (readonly [string, (message: MessageView) => string | number])[] = [
  ['id', ({ id }) => id],
  ['created', ({ createdMs }) => new Date(createdMs).toISOString()],
  ['received', ({ receivedMs }) => new Date(receivedMs).toISOString()],
  ['severity', ({ severity }) => severity],
  ['state', ({ state }) => state],
  ['node', ({ nodeName }) => nodeName],
  ['group', ({ group }) => group ?? ''],
  ['application', ({ application }) => application ?? ''],
  ['object', ({ object }) => object ?? ''],
  ['key', ({ key }) => key ?? ''],
  ['owner', ({ owner }) => owner ?? ''],
  ['acknowledged by', ({ acknowledgedBy }) => acknowledgedBy ?? ''],
  ['annotations', ({ annotations }) => annotations],
  ['text', ({ text }) => text],
];

/** RFC 4180. A cell that a spreadsheet would calculate gets an apostrophe, since texts come from anywhere. */
export function csvOf(messages: readonly MessageView[]): string {
  return messages
    .map((message) => `${columns.map(([, value]) => cell(value(message))).join(',')}\r\n`)
    .join('');
}

export const csvHead = `${columns.map(([name]) => cell(name)).join(',')}\r\n`;

export function jsonLinesOf(messages: readonly MessageView[]): string {
  return messages.map((message) => `${JSON.stringify(message)}\n`).join('');
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
