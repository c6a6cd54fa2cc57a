import { useState, type JSX } from 'react';
import { doneSchema, type SessionView } from '../../../src/model/users-api.ts';
import { withdraw } from '../api/api.ts';
import { usePolled } from '../api/polled.ts';
import { Blank } from '../parts/blank.tsx';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { refreshAccess, sessions } from './access-answers.ts';
import { Panel } from './panel.tsx';

const t = texts.access;

export function SessionsPanel(): JSX.Element {
  const answer = usePolled(sessions);
  const times = useTimes();
  const [ending, end] = useState<SessionView | null>(null);
  const columns: readonly Column<SessionView>[] = [
    { title: t.user, kind: 'head', cell: ({ user }) => user },
    { title: t.from, cell: ({ from }) => from },
    { title: t.server, cell: ({ server }) => server },
    { title: t.begun, kind: 'short', cell: ({ createdMs }) => times.full(createdMs).slice(0, 19) },
    { title: t.endsBy, kind: 'short', cell: ({ expiresMs }) => times.full(expiresMs).slice(0, 16) },
    {
      title: t.change,
      kind: 'end',
      cell: (session) => (
        <button
          type="button"
          className="button small"
          aria-label={`${t.end} ${session.user}`}
          onClick={() => end(session)}
        >
          {t.end}
        </button>
      ),
    },
  ];
  const run = async ({ id }: SessionView): Promise<void> => {
    await withdraw(`/api/v1/sessions/${id}`, doneSchema);
    refreshAccess();
  };
  return (
    <Panel answer={answer}>
      {({ sessions: all }) => (
        <section className="panel">
          <p className="faint">{t.sessionsNote}</p>
          {all.length === 0 ? (
            <Blank icon="person" title={t.sessionsEmpty} />
          ) : (
            <DataTable label={t.tabs.sessions} rows={all} columns={columns} keyOf={({ id }) => id} />
          )}
          {ending !== null && (
            <FormDialog
              title={t.endTitle(ending.user)}
              submit={t.endSubmit}
              run={() => run(ending)}
              onClose={() => end(null)}
            >
              <p>{t.endAbout}</p>
            </FormDialog>
          )}
        </section>
      )}
    </Panel>
  );
}
