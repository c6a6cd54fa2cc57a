import type { DefinitionPlace } from '../model/config.ts';
import { WatchError } from '../model/errors.ts';
import type { PolicyAction } from '../model/policy-action.ts';
import { checkedToolSchema } from '../policies/checked-tool.ts';
import { actionsIn, toolsIn } from '../policies/policy-actions.ts';
import type { Content } from './canonical.ts';
import type { ConfigAfter } from './check-config.ts';

/**
 * Whether what policies give to tools is what these take, after a change of either. What a message will say is not known
 * yet; which parameters there are is. Errors: WK_BAD_REQUEST (the policy), WK_CONFLICT (a tool that policies use otherwise).
 */
export function checkToolUses(
  after: ConfigAfter,
  changed: readonly (DefinitionPlace & { readonly content: Content | null })[],
): void {
  const tools = new Set<string>();
  for (const { kind, name, content } of changed) {
    if (content === null) continue;
    if (kind === 'tool') tools.add(name);
    if (kind !== 'policy') continue;
    const wrong = whyNotPolicy(after, content);
    if (wrong !== null) throw new WatchError('WK_BAD_REQUEST', `policy/${name}: ${wrong}`);
  }
  if (tools.size === 0) return;
  for (const { name, content } of after.all('policy')) {
    if (!toolsIn(content).some((tool) => tools.has(tool))) continue;
    const wrong = whyNotPolicy(after, content);
    if (wrong !== null)
      throw new WatchError('WK_CONFLICT', `policy ${name} could not use it any more: ${wrong}`);
  }
}

function whyNotPolicy(after: ConfigAfter, content: Content): string | null {
  for (const action of actionsIn(content)) {
    const wrong = whyNotAction(after, action);
    if (wrong !== null) return wrong;
  }
  return null;
}

/** That the tool is there is checked with all that definitions name. */
function whyNotAction(after: ConfigAfter, { tool: name, parameters = {} }: PolicyAction): string | null {
  const tool =
    name === undefined ? undefined : checkedToolSchema.safeParse(after.get({ kind: 'tool', name })).data;
  if (tool === undefined) return null;
  const known = Object.keys(tool.parameters);
  const unknown = Object.keys(parameters).find((one) => !known.includes(one));
  const there = known.length === 0 ? 'it has none' : `there are: ${known.join(', ')}`;
  if (unknown !== undefined) return `tool ${name} has no parameter ${unknown}; ${there}`;
  const missing = known.find(
    (one) => !Object.hasOwn(parameters, one) && tool.parameters[one]?.default === undefined,
  );
  return missing === undefined ? null : `tool ${name} needs its parameter ${missing}`;
}
