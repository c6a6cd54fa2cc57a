import type { JSX } from 'react';
import type { RoleView } from '../../../src/model/role-api.ts';
import { rankText } from '../../../src/model/rank.ts';
import { door } from '../browser/door.ts';
import { spanText, useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import type { WantedChange } from './change-dialog.tsx';
import type { PoolFacts, RoleFacts, ServerFacts } from './pool-facts.ts';
import { RoleMenu } from './role-menu.tsx';

const t = texts.pool;
const agentsShownMax = 6;

interface Props {
  readonly facts: PoolFacts;
  /** Core ID of the server that answers this browser. */
  readonly answeringId: string;
  readonly roles: readonly RoleView[];
  readonly want: (change: WantedChange) => void;
}

/** Every server as a card; what it holds lies on it, and who is connected hangs on that. */
export function PoolPicture({ facts, answeringId, roles, want }: Props): JSX.Element {
  const plate = (role: RoleFacts): JSX.Element => (
    <Plate
      key={role.role.role}
      facts={role}
      view={roles.find((one) => one.role === role.role.role)}
      want={want}
    />
  );
  return (
    <section aria-label={t.picture} className="picture">
      {facts.servers.map((server) => (
        <Server
          key={server.member.coreId}
          server={server}
          isAnswering={server.member.coreId === answeringId}
          plate={plate}
        />
      ))}
      {(facts.unheld.length > 0 || facts.lostAgents.length > 0) && (
        <article className="server is-nobody">
          {facts.unheld.length > 0 && (
            <>
              <h2>{t.unheld}</h2>
              {facts.unheld.map(plate)}
            </>
          )}
          {facts.lostAgents.length > 0 && <Agents title={t.notConnected} names={facts.lostAgents} />}
        </article>
      )}
    </section>
  );
}

function Server({
  server: { member, roles, directAgents },
  isAnswering,
  plate,
}: {
  readonly server: ServerFacts;
  readonly isAnswering: boolean;
  readonly plate: (role: RoleFacts) => JSX.Element;
}): JSX.Element {
  const isOffline = member.state === 'offline';
  const look = isOffline ? 'is-offline' : member.healthy ? 'is-well' : 'is-risk';
  return (
    <article className={`server ${look}`}>
      <header className="server-head">
        <h2>{member.name}</h2>
        <span className="faint">{rankText(member.rank)}</span>
        <span className={`state ${look}`}>
          <span className="dot" aria-hidden="true" />
          {t.states[member.state]}
          {!isOffline && !member.healthy && `, ${t.unhealthy}`}
        </span>
      </header>
      <ServerFactsLines member={member} isAnswering={isAnswering} />
      <div className="plates">
        {roles.map(plate)}
        {roles.length === 0 && <p className="plate is-empty">{t.holdsNothing}</p>}
      </div>
      {directAgents.length > 0 && <Agents title={t.agentsDirect} names={directAgents} />}
    </article>
  );
}

function ServerFactsLines({
  member,
  isAnswering,
}: {
  readonly member: ServerFacts['member'];
  readonly isAnswering: boolean;
}): JSX.Element {
  const { url, lagEntries, state, healthy, because, lastHeartbeatMs, version } = member;
  const isOffline = state === 'offline';
  const heardMs = lastHeartbeatMs === null ? null : Math.max(0, door.nowMs() - lastHeartbeatMs);
  return (
    <ul className="server-facts">
      <li>
        {new URL(url).host}
        {version !== null && <span className="faint"> · {version}</span>}
        {isAnswering && <span className="badge">{t.answering}</span>}
      </li>
      {!healthy && <li className="is-risk">{because}</li>}
      {isOffline ? (
        <li>{heardMs === null ? t.offlineHint : t.heard(spanText(heardMs))}</li>
      ) : (
        <li className={lagEntries !== null && lagEntries > 0 ? 'is-behind' : undefined}>
          {lagEntries === null ? t.lagUnknown : t.lag(lagEntries)}
        </li>
      )}
    </ul>
  );
}

function Plate({
  facts: { role, title, isActing, agents },
  view,
  want,
}: {
  readonly facts: RoleFacts;
  readonly view: RoleView | undefined;
  readonly want: (change: WantedChange) => void;
}): JSX.Element {
  const times = useTimes();
  return (
    <div className={`plate ${isActing ? 'is-acting' : 'is-virtual'}`}>
      <div className="plate-head">
        <strong>{title}</strong>
        <span className="plate-address">{isActing ? t.actingAbout : role.address}</span>
        {view !== undefined && <RoleMenu role={view} want={want} />}
      </div>
      <p className="plate-facts">
        {t.epoch(role.epoch)}
        {role.holder !== null && ` · ${t.since(times.short(role.sinceMs, door.nowMs()))}`} · {role.because}
      </p>
      {view?.movingTo && <p className="plate-facts is-moving">{t.movingTo(view.movingTo.name)} …</p>}
      {view?.pinned && <p className="plate-facts">{t.pinned(view.pinned.name)}</p>}
      {!isActing && <Agents title={t.agents(agents.length)} names={agents} />}
    </div>
  );
}

function Agents({
  title,
  names,
}: {
  readonly title: string;
  readonly names: readonly string[];
}): JSX.Element {
  const shown = names.slice(0, agentsShownMax);
  return (
    <div className="agents">
      <span className="agents-title">{title}</span>
      {shown.map((name) => (
        <span key={name} className="agent" title={name}>
          {name}
        </span>
      ))}
      {names.length > shown.length && <span className="faint">+{names.length - shown.length}</span>}
    </div>
  );
}
