import type { MessageFilter } from '../model/api.ts';
import { severities } from '../model/severity.ts';
import type { SqlValue } from '../runtime/database.ts';
import type { ScopeConditions } from './scope-conditions.ts';
import { foldCase, ranksOf } from './slices.ts';

/** A filter as SQL over a row of `messages` (m) and its mark (k), and what SQL cannot say. */
export interface Conditions {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** SQL ignores the case of ASCII letters only; a text with others is compared here, folded. */
  readonly foldedText: string | null;
}

/** Null when nothing can pass, since no node has that name or core ID. */
export function conditionsOf(
  filter: MessageFilter,
  nodes: readonly number[] | null,
  scope: Pick<ScopeConditions, 'sql' | 'values'>,
): Conditions | null {
  if (nodes?.length === 0) return null;
  const sql: string[] = [];
  const values: SqlValue[] = [];
  const demand = (condition: string, ...of: SqlValue[]): void => {
    sql.push(condition);
    values.push(...of);
  };
  if (scope.sql !== 'TRUE') demand(scope.sql, ...scope.values);
  const ranks = ranksOf(filter);
  if (ranks.length < severities.length) demand(`m.severity IN (${ranks.join(', ')})`);
  if (nodes) demand('m.node IN (SELECT value FROM json_each(?))', JSON.stringify(nodes));
  if (filter.group !== undefined) demand('m.message_group = ?', filter.group);
  if (filter.key !== undefined) demand('m.key = ?', filter.key);
  if (filter.sinceMs !== undefined) demand('m.created_ms >= ?', filter.sinceMs);
  if (filter.state !== undefined) demand('coalesce(k.state, 0) = ?', filter.state === 'acknowledged' ? 1 : 0);
  const folded = filter.text !== undefined && !isAscii(filter.text) ? foldCase(filter.text) : null;
  if (filter.text !== undefined && folded === null)
    demand(`m.text LIKE ? ESCAPE '\\'`, `%${filter.text.replaceAll(/[%_\\]/g, String.raw`\$&`)}%`);
  return { sql: sql.length === 0 ? 'TRUE' : sql.join(' AND '), values, foldedText: folded };
}

function isAscii(text: string): boolean {
  return /^[\t\n -~]*$/.test(text);
}
