import type { MessageDraft } from '../../model/message.ts';
import { severities } from '../../model/severity.ts';

export const gapReasons = ['buffer full', 'refused by the pool'] as const;
export type GapReason = (typeof gapReasons)[number];

/** Messages that will never arrive: how many of one severity, and when the first and the last of them were made. */
export interface Gap {
  readonly reason: GapReason;
  readonly severity: number;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The message that tells the pool of a gap; all gaps have one reason. Major, so that it is itself dropped late. */
export function gapMessage(gaps: readonly Gap[], reason: GapReason): MessageDraft {
  const total = gaps.reduce((sum, gap) => sum + gap.count, 0);
  const firstMs = gaps.reduce((first, gap) => Math.min(first, gap.firstMs), Number.POSITIVE_INFINITY);
  const lastMs = gaps.reduce((last, gap) => Math.max(last, gap.lastMs), 0);
  const bySeverity = gaps.map((gap) => [severities[gap.severity] ?? 'unknown', String(gap.count)] as const);
  const listed = bySeverity.map(([severity, count]) => `${severity} ${count}`).join(', ');
  return {
    severity: 'major',
    text: `gap: ${total} messages lost (${listed}), ${reason}, made from ${isoTime(firstMs)} to ${isoTime(lastMs)}`,
    application: 'watchkeeper',
    object: 'buffer',
    group: 'agent',
    key: 'watchkeeper:gap',
    attributes: {
      reason,
      count: String(total),
      firstMs: String(firstMs),
      lastMs: String(lastMs),
      ...Object.fromEntries(bySeverity),
    },
    source: 'agent',
  };
}

/** A gap whose size nobody can know, because what knew it is damaged. */
export function damageMessage(movedTo: string, why: string): MessageDraft {
  return {
    severity: 'critical',
    text: `gap: an unknown number of messages lost: the agent's buffer was damaged (${why}) and was moved to ${movedTo}`,
    application: 'watchkeeper',
    object: 'buffer',
    group: 'agent',
    key: 'watchkeeper:damaged',
    attributes: { reason: 'buffer damaged', count: 'unknown', movedTo },
    source: 'agent',
  };
}

/** ISO 8601 without `Date`'s throwing on what is out of range. */
export function isoTime(wallMs: number): string {
  return Number.isFinite(wallMs) && Math.abs(wallMs) <= 8.64e15
    ? new Date(wallMs).toISOString()
    : 'an unknown time';
}
