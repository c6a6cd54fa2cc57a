import type { Message, MessageDraft } from '../../model/message.ts';
import { severityRank } from '../../model/severity.ts';
import type { NewRow, Range } from './store.ts';

const rowOverheadBytes = 64;

/** Messages and what their source must remember with them; both are on disk or neither. A null value forgets the key. */
export interface Append {
  readonly drafts: readonly MessageDraft[];
  readonly state?: Readonly<Record<string, string | null>>;
}

/** A pool's answer about a range of what it is to get, which had `before` copies so far. */
export interface Settlement extends Range {
  readonly target: string;
  readonly generation: number;
  readonly before: number;
  readonly stored: boolean;
  readonly refused: readonly number[];
}

export interface Waiting {
  readonly rows: readonly NewRow[];
  readonly ids: readonly string[];
  readonly state: Readonly<Record<string, string | null>>;
  resolve(ids: readonly string[]): void;
  reject(error: Error): void;
}

export function rowOf(message: Message, target: string): NewRow {
  const body = JSON.stringify(message);
  return {
    target,
    severity: severityRank(message.severity),
    createdMs: message.createdMs,
    bytes: Buffer.byteLength(body) + rowOverheadBytes,
    body,
  };
}
