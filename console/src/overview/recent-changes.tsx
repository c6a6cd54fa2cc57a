import { useEffect, useState, type JSX } from 'react';
import { auditPageSchema, type AuditView } from '../../../src/model/audit.ts';
import { historySchema, type HistoryEntry } from '../../../src/model/config.ts';
import type { Overview } from '../../../src/model/overview.ts';
import { roleHistorySchema, type RoleChangeView } from '../../../src/model/role-api.ts';
import { ask } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { historyPath } from '../pool/role-history.tsx';
import { mayAsk, useMe } from '../session/allowed.ts';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { changesOf, changesShown } from './overview-facts.ts';
import { useRepeated } from './use-repeated.ts';

const t = texts.overview;
const hourMs = 3_600_000;

interface Props {
  /** Of the roles, with their epochs; another one means that a role changed hands. */
  readonly epochs: string;
  readonly nodes: Pick<Overview, 'nodesCame' | 'nodesWent'> | null;
}

/** What changed within the hour: roles, nodes, and by the reader's rights definitions, deployments and sign-ins. */
export function RecentChanges({ epochs, nodes }: Props): JSX.Element {
  const times = useTimes();
  const me = useMe();
  const mayConfig = mayAsk(me, 'GET /api/v1/config/history') === true;
  const mayAudit = mayAsk(me, 'GET /api/v1/audit') === true;
  const roles = useRoleChanges(epochs);
  const definitions = useRepeated(`definitions ${mayConfig}`, () =>
    mayConfig ? definitionChanges() : nothing,
  );
  const audit = useRepeated(`audit ${mayAudit}`, () => (mayAudit ? auditRecords() : nothing));
  const sources = { roles, definitions: definitions.value, audit: audit.value, nodes };
  const changes = changesOf(sources, door.nowMs() - hourMs);
  const error = definitions.error ?? audit.error;
  return (
    <section>
      <h2>
        {t.changes} {!(mayConfig && mayAudit) && <span className="faint">{t.changesByRight}</span>}
      </h2>
      {error !== null && <p className="fault-text">{t.changesFailed(error)}</p>}
      {changes.length === 0 && <p className="faint">{nodes === null ? texts.loading : t.changesEmpty}</p>}
      <ul className="changes">
        {changes.slice(0, changesShown).map(({ key, kind, atMs, text, about }) => (
          <li key={key}>
            <time>{times.clock(atMs)}</time>
            <span className="change-kind">{t.changeKinds[kind]}</span>
            <span className="change-text">
              <strong>{text}</strong> <span className="faint">{about}</span>
            </span>
          </li>
        ))}
      </ul>
      {changes.length > changesShown && <p className="faint">{t.changesCut(changesShown, changes.length)}</p>}
    </section>
  );
}

const nothing = Promise.resolve(null);

async function definitionChanges(): Promise<readonly HistoryEntry[]> {
  return (await ask('/api/v1/config/history?limit=100', historySchema)).changes;
}

async function auditRecords(): Promise<readonly AuditView[]> {
  const sinceMs = door.nowMs() - hourMs;
  const pages = ['session', 'policy.deploy'].map((action) =>
    ask(
      `/api/v1/audit?${new URLSearchParams({ action, sinceMs: String(sinceMs), limit: '50' })}`,
      auditPageSchema,
    ),
  );
  return (await Promise.all(pages)).flatMap(({ records }) => records);
}

/** Of all roles, read anew when an epoch has grown. */
function useRoleChanges(epochs: string): readonly RoleChangeView[] {
  const [changes, setChanges] = useState<readonly RoleChangeView[]>([]);
  useEffect(() => {
    const ending = new AbortController();
    const names = epochs.split(',').map((each) => each.split(' ')[0] ?? '');
    const read = async (): Promise<void> => {
      const answers = await Promise.all(
        names.map((role) => ask(historyPath(role, 20), roleHistorySchema, { signal: ending.signal })),
      );
      setChanges(answers.flatMap((answer) => answer.changes));
    };
    // What was read before stays; the next change of a role asks again.
    read().catch(() => undefined);
    return () => ending.abort();
  }, [epochs]);
  return changes;
}
