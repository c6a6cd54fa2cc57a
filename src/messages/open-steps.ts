import type { MessageCounts } from '../model/api.ts';
import { overviewSpans, type OpenStep, type OverviewSpan } from '../model/overview.ts';
import { severities } from '../model/severity.ts';
import { stepMs, type StepNumbers } from './time-steps.ts';

/**
 * How many messages were open at the end of each step, counted back from now: before a step there were fewer by those that
 * arrived in it, and more by those that were acknowledged in it. The last step ends now. Steps before `since` are left
 * out: of those is not known what happened.
 */
export function openSteps(
  openNow: MessageCounts['open'],
  span: OverviewSpan,
  nowMs: number,
  numbersAt: (step: number) => StepNumbers,
  since: number,
): OpenStep[] {
  const { parts, number } = overviewSpans[span];
  const last = Math.floor(nowMs / stepMs / parts);
  const steps: OpenStep[] = [];
  let open = openNow;
  for (let at = last; at > last - number && at * parts >= since; at -= 1) {
    const sums = { arrived: noCounts(), acknowledged: noCounts() };
    for (let part = 0; part < parts; part += 1) addTo(sums, numbersAt(at * parts + part));
    const fromMs = at * parts * stepMs;
    steps.push({ fromMs, toMs: Math.min(nowMs, fromMs + parts * stepMs), open, ...sums });
    open = before(open, sums);
  }
  return steps.toReversed();
}

type Counts = MessageCounts['open'];

function noCounts(): Counts {
  return { unknown: 0, normal: 0, warning: 0, minor: 0, major: 0, critical: 0 };
}

function addTo(sums: { arrived: Counts; acknowledged: Counts }, numbers: StepNumbers): void {
  for (const [rank, severity] of severities.entries()) {
    sums.arrived[severity] += numbers.arrived[rank] ?? 0;
    sums.acknowledged[severity] += numbers.acknowledged[rank] ?? 0;
  }
}

function before(open: Counts, { arrived, acknowledged }: { arrived: Counts; acknowledged: Counts }): Counts {
  const earlier = noCounts();
  // A clock that was set back may take away more than there were.
  for (const severity of severities)
    earlier[severity] = Math.max(0, open[severity] - arrived[severity] + acknowledged[severity]);
  return earlier;
}
