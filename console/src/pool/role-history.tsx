import { useMemo, type JSX } from 'react';
import { roleHistorySchema, type RoleChangeView } from '../../../src/model/role-api.ts';
import { PolledAnswer, usePolled } from '../api/polled.ts';
import { spanText, useTimes } from '../settings/times.ts';
import { TableFrame } from '../parts/table-frame.tsx';
import { texts } from '../texts.ts';

const t = texts.pool;

export function historyPath(role: string, limit: number): string {
  return `/api/v1/roles/${encodeURIComponent(role)}/history?limit=${limit}`;
}

/** Who held a role when, why that changed, and how long nobody did. */
export function RoleHistory({ role }: { readonly role: string }): JSX.Element {
  const answer = useMemo(() => new PolledAnswer(historyPath(role, 50), roleHistorySchema, 3_000), [role]);
  const { value, error } = usePolled(answer);
  const changes = value?.changes ?? [];
  const longestMs = Math.max(1, ...changes.map(({ unheldMs }) => unheldMs ?? 0));
  return (
    <section>
      <h2>
        {t.history} <span className="faint">{role}</span>
      </h2>
      {changes.length === 0 ? (
        <p className="faint">{value === null ? (error ?? texts.loading) : t.historyEmpty}</p>
      ) : (
        <TableFrame label={t.historyOf(role)}>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{t.when}</th>
                <th scope="col">{t.from}</th>
                <th scope="col">{t.to}</th>
                <th scope="col">{t.because}</th>
                <th scope="col">{t.unheldFor}</th>
              </tr>
            </thead>
            <tbody>
              {changes.map((change) => (
                <Change key={change.epoch} change={change} longestMs={longestMs} />
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </section>
  );
}

function Change({
  change: { atMs, epoch, from, fromName, holder, holderName, because, planned, unheldMs },
  longestMs,
}: {
  readonly change: RoleChangeView;
  readonly longestMs: number;
}): JSX.Element {
  const times = useTimes();
  return (
    <tr>
      <td className="is-short">
        {atMs === null ? texts.none : times.full(atMs)}
        <small>{t.epoch(epoch)}</small>
      </td>
      <td>{from === null ? t.nobody : (fromName ?? from)}</td>
      <td>{holderName ?? holder}</td>
      <td>
        {because ?? texts.none}
        {planned !== null && <small>{planned ? t.planned : t.unplanned}</small>}
      </td>
      <td>
        {unheldMs === null ? (
          texts.none
        ) : (
          <span className="span-bar">
            <meter min={0} max={longestMs} value={unheldMs} aria-label={t.unheldFor} />
            {spanText(unheldMs)}
          </span>
        )}
      </td>
    </tr>
  );
}
