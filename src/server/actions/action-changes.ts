import { decodeEntry } from '../../journal/decode-entry.ts';
import { pieceOf, readOrder, type ActionRows } from '../../messages/action-rows.ts';
import type { ActionView, OutputPiece } from '../../model/action-api.ts';
import type { Entry } from '../../model/entry.ts';
import { isNodeInScope, type Scope } from '../../model/rights.ts';
import type { Uuid } from '../../model/uuid.ts';
import { actionView } from './action-view.ts';

/** The actions that these entries are about, as they are now, each once, and what they printed according to them. */
export function actionChanges(
  rows: ActionRows,
  entries: readonly Entry[],
  scope: Scope,
  nowMs: number,
): { readonly actions: readonly ActionView[]; readonly output: readonly OutputPiece[] } {
  const ids = new Set<Uuid>();
  const pieces: OutputPiece[] = [];
  for (const entry of entries) {
    if (entry.kind !== 'actions' && entry.kind !== 'action-reports') continue;
    const decoding = decodeEntry(entry);
    if (!('body' in decoding)) continue;
    const { kind, value } = decoding.body;
    if (kind === 'actions') for (const { order } of value.actions) ids.add(readOrder(order)?.id ?? '');
    if (kind === 'action-reports')
      for (const report of value.reports) {
        ids.add(report.action);
        if (report.kind === 'output') pieces.push(pieceOf(report));
      }
  }
  ids.delete('');
  const records = [...ids].flatMap((id) => rows.get(id) ?? []);
  const seen = records.filter(({ order }) => isNodeInScope(scope, order.nodeName));
  const actions = seen.map((record) => actionView(record, nowMs));
  const known = new Set(actions.map(({ id }) => id));
  return { actions, output: pieces.filter(({ action }) => known.has(action)) };
}
