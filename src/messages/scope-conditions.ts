import { fitsNode, isOverEveryNode, type Scope, type Selector } from '../model/rights.ts';
import type { SqlValue } from '../runtime/database.ts';
import { groupSlices, nodeSlices } from './slices.ts';

/** Asking for more slices at once lets nearly everything through. */
const slicesMax = 16;

/** What somebody may see, as SQL over a row of `messages` (m), and what the filter index can say of it. */
export interface ScopeConditions {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  readonly slices: readonly (readonly number[])[];
}

interface Part {
  readonly nodes: readonly number[] | null;
  readonly groups: readonly string[] | null;
}

/** Null where nothing at all may be seen. `nodesNamed` answers the numbers of the nodes that a condition on names takes. */
export function scopeConditions(
  scope: Scope,
  nodesNamed: (fits: (name: string) => boolean) => readonly number[],
): ScopeConditions | null {
  if (scope === null) return { sql: 'TRUE', values: [], slices: [] };
  const parts = scope
    .map((selector) => partOf(selector, nodesNamed))
    .filter(({ nodes }) => nodes?.length !== 0);
  if (parts.length === 0) return null;
  const values: SqlValue[] = [];
  const sql = parts.map((part) => `(${sqlOf(part, values)})`).join(' OR ');
  return { sql: `(${sql})`, values, slices: slicesOf(parts) };
}

function partOf(
  selector: Selector,
  nodesNamed: (fits: (name: string) => boolean) => readonly number[],
): Part {
  const { groups } = selector;
  return {
    nodes: isOverEveryNode(selector) ? null : nodesNamed((name) => fitsNode(selector, name)),
    groups: groups === undefined || groups.includes('*') ? null : groups,
  };
}

function sqlOf({ nodes, groups }: Part, values: SqlValue[]): string {
  const sql: string[] = [];
  if (nodes !== null) {
    sql.push('m.node IN (SELECT value FROM json_each(?))');
    values.push(JSON.stringify(nodes));
  }
  if (groups !== null) {
    sql.push(`(${groups.map(() => 'm.message_group GLOB ?').join(' OR ')})`);
    values.push(...groups.map(globOf));
  }
  return sql.length === 0 ? 'TRUE' : sql.join(' AND ');
}

/** SQLite's GLOB knows `*` and `?` as we do, and brackets, which mean themselves here. */
function globOf(pattern: string): string {
  return pattern.replaceAll('[', '[[]');
}

/** One slice of each is enough to pass, since what passes is looked at again. */
function slicesOf(parts: readonly Part[]): number[][] {
  const nodes = parts.flatMap((part) => part.nodes ?? [Number.NaN]).map((node) => nodeSlices(node)[0]);
  const groups = parts.flatMap((part) => part.groups ?? ['*']);
  const all: number[][] = [];
  if (parts.every((part) => part.nodes !== null) && nodes.length <= slicesMax) all.push(nodes);
  if (groups.length <= slicesMax && !groups.some((group) => /[*?]/.test(group)))
    all.push(groups.map((group) => groupSlices(group)[0]));
  return all;
}
