import type { AuditRecord, AuditView } from '../model/audit.ts';
import type { SessionView } from '../model/users-api.ts';
import { absoluteMs } from './session-token.ts';

/** What ends all sessions of a user; a change of its display name alone does not. */
const endings: ReadonlySet<string> = new Set([
  'user.password',
  'user.setup',
  'user.disable',
  'user.enable',
  'user.sign-out',
  'user.remove',
]);

/**
 * The sessions that are not over, the newest first, out of what the audit trails of all servers tell: who signed in, and
 * what was done to that user since. Servers keep no list of sessions; each reads them by itself (session-token.ts).
 */
export function currentSessions(
  signIns: readonly AuditView[],
  changes: readonly AuditRecord[],
  isEnded: (session: string) => boolean,
  nowMs: number,
): SessionView[] {
  const endedMs = new Map<string, number>();
  for (const { target, atMs, ...record } of changes)
    if (endsSessions(record)) endedMs.set(target, Math.max(endedMs.get(target) ?? 0, atMs));
  return signIns.flatMap(({ session, target, from, server, atMs, outcome }) => {
    const expiresMs = atMs + absoluteMs;
    const isOver = expiresMs <= nowMs || (endedMs.get(target) ?? 0) > atMs;
    if (session === null || outcome === 'denied' || isOver || isEnded(session)) return [];
    return { id: session, user: target, from, server, createdMs: atMs, expiresMs };
  });
}

function endsSessions({
  action,
  outcome,
  detail,
}: Pick<AuditRecord, 'action' | 'outcome' | 'detail'>): boolean {
  if (outcome === 'denied') return false;
  return endings.has(action) || (action === 'user.change' && detail.includes('"roles":'));
}
