import { messagePageSchema, poolStatusSchema, type PoolStatus } from '../../../src/model/api.ts';
import { codeOf, errorTable, textOf } from '../../../src/model/errors.ts';
import {
  roleHistorySchema,
  roleViewSchema,
  type DrillRequest,
  type RoleView,
} from '../../../src/model/role-api.ts';
import { ask, tell } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { live } from '../live/live-stream.ts';
import { queryOf } from '../messages/view-filter.ts';
import { texts } from '../texts.ts';
import { historyPath } from './role-history.tsx';

const t = texts.drill;
const takeoverMsMax = 60_000;
const wholeMsMax = 120_000;
const lookEveryMs = 250;

export type DrillStep = 'asking' | 'takeover' | 'whole' | 'counting';

/** One role of the lost server, and who has it now. */
export interface Takeover {
  readonly role: string;
  readonly server: string;
  readonly unheldMs: number | null;
}

/** What is known so far; whatever is null is not known yet. `failure` ends it. */
export interface DrillReport {
  readonly step: DrillStep | 'over';
  readonly failure: string | null;
  readonly takeovers: readonly Takeover[];
  /** How long this page had no answers; 0: it always had. */
  readonly cutMs: number | null;
  readonly backAfterMs: number | null;
  readonly stored: { readonly total: number; readonly servers: number; readonly more: number } | null;
  readonly gaps: number | null;
}

export const drillBegun: DrillReport = {
  step: 'asking',
  failure: null,
  takeovers: [],
  cutMs: null,
  backAfterMs: null,
  stored: null,
  gaps: null,
};

interface Plan {
  /** The role whose holder is lost. */
  readonly role: RoleView;
  /** All that this holder has. */
  readonly lost: readonly RoleView[];
  readonly before: PoolStatus;
  readonly say: (change: Partial<DrillReport>) => void;
  readonly signal: AbortSignal;
}

/** Has the holder killed, then measures and counts. The questions go on through the failover of the very address they go to. */
export async function runDrill({ role, lost, before, say, signal }: Plan): Promise<void> {
  const startedMs = door.nowMs();
  const cut = watchConnection();
  try {
    const request: DrillRequest = { epoch: role.epoch };
    const path = `/api/v1/roles/${encodeURIComponent(role.role)}/drill`;
    const refusal = await tell(path, request, roleViewSchema).then(() => null, refusalOf);
    if (refusal !== null) return say({ step: 'over', failure: refusal });
    say({ step: 'takeover' });
    const takeovers = await untilTaken(lost, signal);
    if (takeovers === null) return say({ step: 'over', failure: t.late });
    say({ step: 'whole', takeovers, cutMs: cut.ms() });
    const whole = await untilWhole(signal);
    if (typeof whole === 'string') return say({ step: 'over', failure: t.notWhole(whole), cutMs: cut.ms() });
    const { total } = whole.messages;
    const stored = { total, servers: whole.members.length, more: total - before.messages.total };
    say({ step: 'counting', cutMs: cut.ms(), backAfterMs: door.nowMs() - startedMs, stored });
    say({ step: 'over', gaps: await gapsSince(startedMs), cutMs: cut.ms() });
  } catch (error) {
    if (!signal.aborted) say({ step: 'over', failure: t.refused(textOf(error)) });
  } finally {
    cut.close();
  }
}

/** Null where it may have been done: the server that was asked may be the one that was killed. */
function refusalOf(error: unknown): string | null {
  return errorTable[codeOf(error)].retry ? null : t.refused(textOf(error));
}

async function untilTaken(lost: readonly RoleView[], signal: AbortSignal): Promise<Takeover[] | null> {
  return repeat(takeoverMsMax, signal, async () => {
    const found: Takeover[] = [];
    for (const { role, epoch } of lost) {
      const { changes } = await ask(historyPath(role, 5), roleHistorySchema, { timeoutMs: 2_000 });
      const change = changes.findLast((one) => one.epoch > epoch);
      if (change === undefined) return null;
      found.push({ role, server: change.holderName ?? change.holder, unheldMs: change.unheldMs });
    }
    return found;
  });
}

/** The status once every server is back and has everything, else what is missing. */
async function untilWhole(signal: AbortSignal): Promise<PoolStatus | string> {
  let missing = '';
  const whole = await repeat(wholeMsMax, signal, async () => {
    const status = await ask('/api/v1/pool', poolStatusSchema, { timeoutMs: 2_000 });
    const late = status.members.find(
      ({ coreId, state, healthy, lagEntries }) =>
        state === 'offline' || !healthy || (coreId !== status.server.coreId && lagEntries !== 0),
    );
    missing = late === undefined ? status.atRisk.because : `${late.name}, ${late.because}`;
    return late === undefined && !status.atRisk.is ? status : null;
  });
  return whole ?? missing;
}

async function gapsSince(sinceMs: number): Promise<number> {
  const query = queryOf({ text: 'gap:', sinceMs }, { limit: 100 });
  const { messages } = await ask(`/api/v1/messages?${query}`, messagePageSchema);
  return messages.filter(({ text }) => text.startsWith('gap:')).length;
}

/** Until it gives something; a question without an answer is asked again. Null when time is up. */
async function repeat<T>(
  msMax: number,
  signal: AbortSignal,
  look: () => Promise<T | null>,
): Promise<T | null> {
  const untilMs = door.nowMs() + msMax;
  while (door.nowMs() < untilMs && !signal.aborted) {
    try {
      const found = await look();
      if (found !== null) return found;
    } catch (error) {
      if (!errorTable[codeOf(error)].retry) throw error;
    }
    await door.sleep(lookEveryMs);
  }
  return null;
}

/** How long the live stream was away since now, all its absences together. */
function watchConnection(): { ms(): number; close(): void } {
  let sumMs = 0;
  let lostMs: number | null = null;
  const close = live.connection.subscribe(() => {
    const { mode } = live.connection.get();
    if (mode === 'lost') lostMs ??= door.nowMs();
    if (mode !== 'live' || lostMs === null) return;
    sumMs += door.nowMs() - lostMs;
    lostMs = null;
  });
  return { ms: () => sumMs + (lostMs === null ? 0 : door.nowMs() - lostMs), close };
}
