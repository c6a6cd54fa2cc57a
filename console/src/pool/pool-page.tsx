import { useState, type JSX } from 'react';
import { nodes, poolStatus, roles, virtualInterfaces } from '../api/answers.ts';
import { usePolled } from '../api/polled.ts';
import { Blank } from '../parts/blank.tsx';
import { Icon } from '../parts/icon.tsx';
import { texts } from '../texts.ts';
import { ChangeDialog, type WantedChange } from './change-dialog.tsx';
import { DrillDialog } from './drill-dialog.tsx';
import { poolFacts } from './pool-facts.ts';
import { PoolPicture } from './pool-picture.tsx';
import { RoleHistory } from './role-history.tsx';
import { RoleTable } from './role-table.tsx';

const t = texts.pool;

export function PoolPage(): JSX.Element {
  const { value: status, error } = usePolled(poolStatus);
  const { value: nodeAnswer } = usePolled(nodes);
  const { value: roleAnswer } = usePolled(roles);
  usePolled(virtualInterfaces);
  const [wanted, setWanted] = useState<WantedChange | null>(null);
  const [isDrilling, setDrilling] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);

  if (status === null)
    return error === null ? (
      <Blank icon="search" title={texts.loading} />
    ) : (
      <Blank icon="alert" title={t.failed(error)} isFault />
    );
  const facts = poolFacts(status, nodeAnswer?.nodes ?? []);
  const latest = status.roles.toSorted((a, b) => b.sinceMs - a.sinceMs)[0];
  const historyOf = chosen ?? latest?.role ?? null;
  const { atRisk, coordinator } = status;
  return (
    <div className="page pool">
      <header className="page-head">
        <h1>
          {t.title} <span className="faint">{status.pool.name}</span>
        </h1>
        <p className={`verdict ${atRisk.is ? 'is-risk' : 'is-well'}`} role="status">
          <Icon name={atRisk.is ? 'alert' : 'check'} />
          {atRisk.is ? t.atRisk(atRisk.because) : t.stored(status.members.length)}
        </p>
        <p className="faint page-head-end">{t.coordinator(coordinator.kind)}</p>
        <button type="button" className="button" onClick={() => setDrilling(true)}>
          <Icon name="alert" />
          {texts.drill.open}
        </button>
      </header>
      {!coordinator.reachable && (
        <p className="notice is-risk" role="alert">
          {t.coordinatorAway}
        </p>
      )}
      {coordinator.doubt !== null && (
        <p className="notice is-risk" role="alert">
          {t.doubt(coordinator.doubt)}
        </p>
      )}
      <PoolPicture
        facts={facts}
        answeringId={status.server.coreId}
        roles={roleAnswer?.roles ?? []}
        want={setWanted}
      />
      <RoleTable roles={roleAnswer?.roles ?? []} want={setWanted} chosen={historyOf} choose={setChosen} />
      {historyOf !== null && <RoleHistory role={historyOf} />}
      {isDrilling && (
        <DrillDialog
          status={status}
          roles={roleAnswer?.roles ?? []}
          facts={facts}
          onClose={() => setDrilling(false)}
        />
      )}
      {wanted !== null && <ChangeDialog wanted={wanted} facts={facts} onClose={() => setWanted(null)} />}
    </div>
  );
}
