import type { Scope, Selector } from '../../model/rights.ts';

/** What a right is over, as people say it: `nodes db*, groups oracle; nodes web*`. */
export function scopeText(scope: Scope): string {
  if (scope === null) return 'everything';
  return scope.map(selectorText).join('; ') || 'nothing';
}

function selectorText({ nodes, nodeGroups, groups }: Selector): string {
  const over = [
    ...(nodes ? [`nodes ${nodes.join(' ')}`] : []),
    ...(nodeGroups ? [`node groups ${nodeGroups.join(' ')}`] : []),
  ];
  const parts = [
    ...(over.length > 0 ? [over.join(' or ')] : []),
    ...(groups ? [`groups ${groups.join(' ')}`] : []),
  ];
  return parts.join(', ') || 'everything';
}
