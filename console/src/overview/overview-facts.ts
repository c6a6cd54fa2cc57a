import type { AuditView } from '../../../src/model/audit.ts';
import type { HistoryEntry } from '../../../src/model/config.ts';
import type { Overview } from '../../../src/model/overview.ts';
import type { RoleChangeView } from '../../../src/model/role-api.ts';
import { severities, type Severity } from '../../../src/model/severity.ts';
import { spanText } from '../settings/times.ts';
import { texts } from '../texts.ts';

const t = texts.overview;
/** Of more nodes that came or went one line tells. */
const namedNodes = 4;
export const changesShown = 40;

/** One line of what changed. */
export interface Change {
  readonly key: string;
  readonly kind: 'role' | 'definition' | 'node' | 'deployment' | 'sign-in';
  readonly atMs: number;
  readonly text: string;
  readonly about: string;
}

/** What each source told; null where the reader has no right to it, or it was not read yet. */
export interface ChangeSources {
  readonly roles: readonly RoleChangeView[];
  readonly definitions: readonly HistoryEntry[] | null;
  readonly audit: readonly AuditView[] | null;
  readonly nodes: Pick<Overview, 'nodesCame' | 'nodesWent'> | null;
}

/** Everything that changed since then, the newest first. */
export function changesOf({ roles, definitions, audit, nodes }: ChangeSources, sinceMs: number): Change[] {
  return [
    ...roles.map(roleChange),
    ...(definitions ?? []).map(definitionChange),
    ...(audit ?? []).map(audited),
    ...(nodes === null
      ? []
      : [...nodeChanges('came', nodes.nodesCame), ...nodeChanges('went', nodes.nodesWent)]),
  ]
    .filter(({ atMs }) => atMs >= sinceMs)
    .sort((a, b) => b.atMs - a.atMs);
}

/** The severity of the worst that is open. */
export function worstSeverity(open: Readonly<Record<Severity, number>>): Severity {
  return severities.findLast((severity) => open[severity] > 0) ?? 'unknown';
}

export function totalOf(counts: Readonly<Record<Severity, number>>): number {
  return severities.reduce((sum, severity) => sum + counts[severity], 0);
}

function roleChange(change: RoleChangeView): Change {
  const { role, epoch, atMs, fromName, from, holderName, holder, because, unheldMs } = change;
  const unheld = unheldMs === null ? [] : [`${texts.pool.unheldFor}: ${spanText(unheldMs)}`];
  return {
    key: `role ${role} ${epoch}`,
    kind: 'role',
    atMs: atMs ?? 0,
    text: t.changed(role, fromName ?? from ?? texts.pool.nobody, holderName ?? holder),
    about: [...(because === null ? [] : [because]), ...unheld].join(' · '),
  };
}

function definitionChange({ kind, name, revision, atMs, by, via, what, changes }: HistoryEntry): Change {
  const more = changes.length > 2 ? ' …' : '';
  return {
    key: `definition ${kind} ${name} ${revision}`,
    kind: 'definition',
    atMs,
    text: t.definition(kind, name, texts.configuration.what[what]),
    about: [texts.configuration.by(by, via), changes.slice(0, 2).join(', ') + more]
      .filter(Boolean)
      .join(' · '),
  };
}

function audited({ origin, number, atMs, by, action, target, outcome, detail, from }: AuditView): Change {
  const isSession = action.startsWith('session');
  const words = isSession ? t.sessions[action] : undefined;
  return {
    key: `audit ${origin} ${number}`,
    kind: isSession ? 'sign-in' : 'deployment',
    atMs,
    text: isSession ? t.session(target || by, words ?? action, outcome === 'denied') : t.deployed(by, target),
    about: [from, outcome === 'denied' ? detail : ''].filter(Boolean).join(' · '),
  };
}

function nodeChanges(what: 'came' | 'went', { number, latest }: Overview['nodesCame']): Change[] {
  if (number > namedNodes) {
    const names = latest.slice(0, namedNodes).map(({ name }) => name);
    const about = t.amongThem(names.join(', '));
    return [
      { key: `nodes ${what}`, kind: 'node', atMs: latest[0]?.atMs ?? 0, text: t.nodes[what](number), about },
    ];
  }
  return latest.map(({ name, atMs, server }) => ({
    key: `node ${what} ${name}`,
    kind: 'node',
    atMs,
    text: t.node[what](name),
    about: server === null ? '' : t.atServer(server),
  }));
}
