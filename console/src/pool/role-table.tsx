import type { JSX } from 'react';
import type { RoleView } from '../../../src/model/role-api.ts';
import { door } from '../browser/door.ts';
import { useTimes } from '../settings/times.ts';
import { TableFrame } from '../parts/table-frame.tsx';
import { texts } from '../texts.ts';
import type { WantedChange } from './change-dialog.tsx';
import { RoleMenu } from './role-menu.tsx';

const t = texts.pool;

interface Props {
  readonly roles: readonly RoleView[];
  readonly want: (change: WantedChange) => void;
  readonly chosen: string | null;
  readonly choose: (role: string) => void;
}

/** The picture in words: the same facts for who reads rather than looks. */
export function RoleTable({ roles, want, chosen, choose }: Props): JSX.Element {
  const times = useTimes();
  return (
    <section>
      <h2>{t.roles}</h2>
      <TableFrame label={t.roles}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t.role}</th>
              <th scope="col">{t.holder}</th>
              <th scope="col">{t.because}</th>
              <th scope="col">{t.wanted}</th>
              <th scope="col">
                <span className="unseen">{t.change}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {roles.map((role) => (
              <tr key={role.role}>
                <th scope="row">
                  <button
                    type="button"
                    className="button quiet small as-text"
                    aria-pressed={role.role === chosen}
                    title={t.historyOf(role.role)}
                    onClick={() => choose(role.role)}
                  >
                    {role.role}
                  </button>
                  {role.address !== null && <small>{role.address}</small>}
                </th>
                <td className={role.holder === null ? 'is-risk' : undefined}>
                  {role.holderName ?? t.nobody}
                </td>
                <td>
                  {role.because}
                  <small>
                    {t.epoch(role.epoch)} · {t.since(times.short(role.sinceMs, door.nowMs()))}
                  </small>
                </td>
                <td>
                  {role.movingTo !== null && <strong>{t.movingTo(role.movingTo.name)} </strong>}
                  {role.pinned === null ? t.failback[role.failback] : t.pinned(role.pinned.name)}
                  <small>{t.order(role.servers.map(({ name }) => name))}</small>
                </td>
                <td className="is-end">
                  <RoleMenu role={role} want={want} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </section>
  );
}
