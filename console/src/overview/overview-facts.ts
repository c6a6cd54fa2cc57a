import type { MessageView } from '../../../src/model/api.ts';
import { severities, severityRank, type Severity } from '../../../src/model/severity.ts';

export interface Bucket {
  readonly fromMs: number;
  readonly counts: Readonly<Record<Severity, number>>;
}

export interface Worst {
  readonly name: string;
  readonly count: number;
  readonly worst: Severity;
}

/** How many messages were made in each stretch of time, by severity; the last stretch ends now. */
export function bucketsOf(
  messages: readonly MessageView[],
  nowMs: number,
  bucketMs: number,
  number: number,
): Bucket[] {
  const startMs = nowMs - bucketMs * number;
  return Array.from({ length: number }, (_, at): Bucket => {
    const fromMs = startMs + at * bucketMs;
    const inside = messages.filter(({ createdMs }) => createdMs >= fromMs && createdMs < fromMs + bucketMs);
    return { fromMs, counts: countsOf(inside) };
  });
}

/** Those with the most urgent messages first, and among equals those with the most. */
export function worstOf(
  messages: readonly MessageView[],
  nameOf: (message: MessageView) => string,
  numberMax: number,
): Worst[] {
  const byName = Map.groupBy(messages, nameOf);
  const all = [...byName].map(([name, own]): Worst => {
    const rank = Math.max(...own.map(({ severity }) => severityRank(severity)));
    return { name, count: own.length, worst: severities[rank] ?? 'unknown' };
  });
  return all
    .sort(
      (a, b) =>
        severityRank(b.worst) - severityRank(a.worst) || b.count - a.count || (a.name < b.name ? -1 : 1),
    )
    .slice(0, numberMax);
}

export function totalOf(counts: Readonly<Record<Severity, number>>): number {
  return severities.reduce((sum, severity) => sum + counts[severity], 0);
}

function countsOf(messages: readonly MessageView[]): Record<Severity, number> {
  const counts = { unknown: 0, normal: 0, warning: 0, minor: 0, major: 0, critical: 0 };
  for (const { severity } of messages) counts[severity] += 1;
  return counts;
}
