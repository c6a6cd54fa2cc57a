import { messagePageSchema, type MessageFilter, type MessageView } from '../../../src/model/api.ts';
import { ask } from '../api/api.ts';
import { queryOf } from './view-filter.ts';

/** What a browser can hold comfortably; the rest is said to be left out. */
export const exportRowsMax = 100_000;
const pageRows = 1_000;

/** All messages that pass, newest first, as they are when their page is read. */
export async function readAll(
  filter: MessageFilter,
  signal: AbortSignal,
  onProgress: (rows: number) => void,
): Promise<{ rows: MessageView[]; isCut: boolean }> {
  const rows: MessageView[] = [];
  let cursor: string | null = null;
  do {
    const query = queryOf(filter, { limit: pageRows, ...(cursor !== null && { cursor }) });
    const page: { messages: MessageView[]; next: string | null } = await ask(
      `/api/v1/messages?${query}`,
      messagePageSchema,
      { signal, timeoutMs: 30_000 },
    );
    rows.push(...page.messages);
    cursor = page.next;
    onProgress(rows.length);
  } while (cursor !== null && rows.length < exportRowsMax);
  return { rows, isCut: cursor !== null };
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
  const lines = messages.map((message) => columns.map(([, value]) => cell(value(message))).join(','));
  return `${[columns.map(([name]) => cell(name)).join(','), ...lines].join('\r\n')}\r\n`;
}

export function jsonLinesOf(messages: readonly MessageView[]): string {
  return messages.map((message) => `${JSON.stringify(message)}\n`).join('');
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
