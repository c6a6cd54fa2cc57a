import { useState, type JSX } from 'react';
import { actionPageSchema, type ActionView } from '../../../src/model/action-api.ts';
import { PolledAnswer, usePolled } from '../api/polled.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { requestsOf } from './action-state.ts';
import { ActionCounts } from './action-list.tsx';
import { RequestActions } from './run-dialog.tsx';

const t = texts.toolRuns;
const recent = new PolledAnswer('/api/v1/actions?limit=200', actionPageSchema, 4_000);
const requestsShown = 10;

/** What was run last, by whom, and how it went; each opens with the output of its nodes. */
export function RecentActions(): JSX.Element {
  const { value, error } = usePolled(recent);
  const times = useTimes();
  const [shown, show] = useState<ActionView | null>(null);
  const requests = requestsOf(value?.actions ?? []).slice(0, requestsShown);
  const firstOf = (actions: readonly ActionView[]): ActionView | undefined => actions[0];
  return (
    <section>
      <h2>{t.recent}</h2>
      {requests.length === 0 ? (
        <p className="faint">
          {value === null ? (error === null ? texts.loading : t.failed(error)) : t.recentEmpty}
        </p>
      ) : (
        <DataTable
          label={t.recent}
          rows={requests}
          keyOf={({ request }) => request}
          columns={[
            {
              title: t.tool,
              kind: 'head',
              cell: ({ actions }) => {
                const first = firstOf(actions);
                return (
                  first && (
                    <button
                      type="button"
                      className="button quiet small as-text"
                      title={t.show(first.tool)}
                      onClick={() => show(first)}
                    >
                      {first.tool}
                    </button>
                  )
                );
              },
            },
            {
              title: t.when,
              kind: 'short',
              cell: ({ actions }) => times.full(firstOf(actions)?.askedMs ?? 0),
            },
            { title: t.by, cell: ({ actions }) => firstOf(actions)?.by ?? '' },
            {
              title: t.on,
              cell: ({ actions }) =>
                actions.length === 1
                  ? (firstOf(actions)?.nodeName ?? '')
                  : texts.nodes.count(actions.length, actions.length),
            },
            { title: t.outcome, cell: ({ actions }) => <ActionCounts actions={actions} /> },
          ]}
        />
      )}
      {shown !== null && (
        <Dialog title={t.title(shown.tool)} onClose={() => show(null)} isWide>
          <div className="dialog-body">
            <code className="command">{shown.command.join(' ')}</code>
            <RequestActions request={shown.request} />
          </div>
        </Dialog>
      )}
    </section>
  );
}
