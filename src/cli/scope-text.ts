import type { Scope, Selector } from '../model/rights.ts';

/** What a right is over, as people say it: `nodes db*, groups oracle; nodes web*`. */
export function scopeText(scope: Scope): string {
  if (scope === null) return 'everything';
  return scope.map(selectorText).join('; ') || 'nothing';
}

function selectorText({ nodes, groups }: Selector): string {
  const parts = [
    ...(nodes ? [`nodes ${nodes.join(' ')}`] : []),
    ...(groups ? [`groups ${groups.join(' ')}`] : []),
  ];
  return parts.join(', ') || 'everything';
}
