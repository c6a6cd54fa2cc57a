import type { PolicyDefinition } from '../../model/policy-definitions.ts';
import type { StatusVariable, StatusVariableView } from '../../model/status-variables.ts';
import { serverRules } from '../message-rules/server-rules.ts';

/** Those that a policy in force declares, and those that were switched, by their names. */
export function statusVariableViews(
  policies: readonly PolicyDefinition[],
  switched: readonly StatusVariable[],
): StatusVariableView[] {
  const views = new Map<string, StatusVariableView>();
  const viewOf = (name: string): StatusVariableView => {
    const view = views.get(name) ?? { name, switched: null, declared: [] };
    views.set(name, view);
    return view;
  };
  for (const { name: policy, policy: rules } of serverRules(policies))
    for (const { name, initially } of rules.statusVariables)
      viewOf(name).declared.push({ policy, initially });
  for (const { name, value, by, changedMs } of switched) viewOf(name).switched = { value, by, changedMs };
  return [...views.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
