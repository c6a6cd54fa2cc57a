import { useEffect, useRef, useState, type JSX, type ReactNode } from 'react';
import type { PoolStatus } from '../../../src/model/api.ts';
import { actingRole } from '../../../src/model/definitions.ts';
import { roleCanDrill } from '../../../src/model/role-actions.ts';
import { roleHistorySchema, type RoleView } from '../../../src/model/role-api.ts';
import { refreshAnswers } from '../api/answers.ts';
import { ask } from '../api/api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { mayAsk, useMe } from '../session/allowed.ts';
import { spanText } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { drillBegun, runDrill, type DrillReport } from './drill.ts';
import type { PoolFacts } from './pool-facts.ts';
import { historyPath } from './role-history.tsx';

const t = texts.drill;

interface Props {
  readonly status: PoolStatus;
  readonly roles: readonly RoleView[];
  readonly facts: PoolFacts;
  readonly onClose: () => void;
}

/** Says whom it will hit and what happens then, asks, and tells what did happen, measured. */
export function DrillDialog({ status, roles, facts, onClose }: Props): JSX.Element {
  const [chosen, choose] = useState(actingRole);
  const [report, setReport] = useState<DrillReport | null>(null);
  const [ending] = useState(() => new AbortController());
  useEffect(() => () => ending.abort(), [ending]);
  const role = roles.find((one) => one.role === chosen) ?? roles[0];
  // What was killed is told by what it held then, whatever it holds now.
  const plan = useRef<{ role: RoleView; lost: readonly RoleView[]; before: PoolStatus } | null>(null);
  if (role === undefined)
    return (
      <Dialog title={t.title} onClose={onClose}>
        {null}
      </Dialog>
    );
  const lost = roles.filter(({ holder }) => holder !== null && holder === role.holder);
  const start = async (): Promise<void> => {
    plan.current = { role, lost, before: status };
    setReport(drillBegun);
    const say = (change: Partial<DrillReport>): void =>
      setReport((before) => ({ ...(before ?? drillBegun), ...change }));
    await runDrill({ ...plan.current, say, signal: ending.signal });
    refreshAnswers();
  };
  return (
    <Dialog title={t.title} onClose={onClose}>
      <div className="dialog-body">
        {report === null ? (
          <Preview {...{ role, roles, lost, status, facts, choose, onClose }} start={() => void start()} />
        ) : (
          <>
            <Report report={report} server={plan.current?.role.holderName ?? ''} />
            <div className="dialog-actions">
              <button type="button" className="button" onClick={onClose}>
                {texts.close}
              </button>
            </div>
          </>
        )}
      </div>
    </Dialog>
  );
}

function Preview(props: {
  readonly role: RoleView;
  readonly roles: readonly RoleView[];
  readonly lost: readonly RoleView[];
  readonly status: PoolStatus;
  readonly facts: PoolFacts;
  readonly choose: (role: string) => void;
  readonly start: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { role, roles, lost, status, facts } = props;
  const holder = role.holderName ?? '';
  const refusal = useRefusal(role, status);
  const silenceMs = useLastLoss(role.role);
  const server = facts.servers.find(({ member }) => member.coreId === role.holder);
  const agents =
    (server?.directAgents.length ?? 0) +
    (server?.roles.reduce((sum, one) => sum + one.agents.length, 0) ?? 0);
  const next = role.servers.find(({ coreId, healthy }) => coreId !== role.holder && healthy);
  const isOurs = status.server.coreId === role.holder;
  return (
    <>
      <p>{t.about}</p>
      <label className="labelled">
        {t.role}
        <select className="field" value={role.role} onChange={({ target }) => props.choose(target.value)}>
          {roles.map((one) => (
            <option key={one.role} value={one.role}>
              {one.role} ({one.holderName ?? texts.pool.nobody})
            </option>
          ))}
        </select>
      </label>
      <ul className="preview">
        <li>{t.kill(holder)}</li>
        <li>
          {t.holds(lost.map((one) => one.role))} {next !== undefined && t.next(next.name)}
        </li>
        <li>{t.agents(agents)}</li>
        {isOurs && <li>{t.thisPage}</li>}
        {silenceMs !== null && <li>{t.silence(spanText(silenceMs))}</li>}
        <li>{t.record}</li>
      </ul>
      {refusal !== null && (
        <p className="fault-text" role="alert">
          {t.notNow(refusal)}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={props.onClose}>
          {texts.cancel}
        </button>
        <button
          type="button"
          className="button danger"
          aria-disabled={refusal !== null}
          onClick={() => refusal === null && props.start()}
        >
          {t.submit(holder)}
        </button>
      </div>
    </>
  );
}

/** Null where nothing stands against it: the right, and what the server will hold it against. */
function useRefusal(role: RoleView, { atRisk, coordinator, members }: PoolStatus): string | null {
  const may = mayAsk(useMe(), 'POST /api/v1/roles/:role/drill');
  if (may !== true) return may;
  const verdict = roleCanDrill({
    role: role.role,
    holder: role.holderName,
    pinnedTo: role.pinned?.name ?? null,
    isMoving: role.movingTo !== null,
    atRisk,
    coordinator,
    servers: members.map((member) => ({ ...member, online: member.state !== 'offline' })),
  });
  return verdict === true ? null : verdict;
}

/** How long nobody held it when its holder was lost last; null while nobody knows. */
function useLastLoss(role: string): number | null {
  const [lossMs, setLoss] = useState<number | null>(null);
  useEffect(() => {
    const ending = new AbortController();
    setLoss(null);
    ask(historyPath(role, 50), roleHistorySchema, { signal: ending.signal }).then(
      ({ changes }) => setLoss(changes.find(({ planned }) => planned === false)?.unheldMs ?? null),
      // Only a hint: without it the preview is as true.
      () => undefined,
    );
    return () => ending.abort();
  }, [role]);
  return lossMs;
}

function Report({ report, server }: { readonly report: DrillReport; readonly server: string }): JSX.Element {
  const { step, failure, takeovers, cutMs, backAfterMs, stored, gaps } = report;
  return (
    <div className="drill" role="status">
      <dl className="facts">
        {takeovers.map((one) => (
          <Line key={one.role} name={one.role}>
            <strong>{t.taken(one.role, one.server)}</strong>,{' '}
            {t.unheld(one.unheldMs === null ? null : spanText(one.unheldMs))}
          </Line>
        ))}
        {cutMs !== null && (
          <Line name={t.page}>{cutMs === 0 ? t.pageWhole : t.pageCut(spanText(cutMs))}</Line>
        )}
        {backAfterMs !== null && <Line name={t.back}>{t.backAfter(server, spanText(backAfterMs))}</Line>}
        {stored !== null && (
          <Line name={t.messages}>{t.stored(stored.total, stored.servers, stored.more)}</Line>
        )}
        {gaps !== null && <Line name={t.gaps}>{gaps === 0 ? t.noGaps : t.someGaps(gaps)}</Line>}
      </dl>
      {step !== 'over' && (
        <p className="drill-step">
          <span className="pending" aria-hidden="true" />
          {step === 'whole' ? t.steps.whole(server) : t.steps[step]} …
        </p>
      )}
      {failure !== null && (
        <p className="fault-text">
          <Icon name="alert" />
          {failure}
        </p>
      )}
    </div>
  );
}

function Line({ name, children }: { readonly name: string; readonly children: ReactNode }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
