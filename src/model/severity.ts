/** The severities, from the least to the most urgent; their index is what is stored and compared. */
export const severities = ['unknown', 'normal', 'warning', 'minor', 'major', 'critical'] as const;

export type Severity = (typeof severities)[number];

export function severityRank(severity: Severity): number {
  return severities.indexOf(severity);
}
