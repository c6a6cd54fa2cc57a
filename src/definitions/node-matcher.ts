import { matchesGlob } from '../model/glob.ts';
import { isInNetwork, parseNetwork } from '../model/network-range.ts';
import type { NodeFacts, NodeRule } from '../model/node-definitions.ts';

type Fits = (node: NodeFacts) => boolean;

/** Whether a node belongs to a group by its name or by a rule, made ready once for many nodes. */
export function nodeMatcher({
  nodes,
  rules,
}: {
  readonly nodes: readonly string[];
  readonly rules: readonly NodeRule[];
}): Fits {
  const isPattern = (text: string): boolean => /[*?]/.test(text);
  const exact = new Set(nodes.filter((name) => !isPattern(name)));
  const patterns = nodes.filter(isPattern);
  const compiled = rules.map(compile);
  return (node) =>
    exact.has(node.name) ||
    patterns.some((pattern) => matchesGlob(pattern, node.name)) ||
    compiled.some((fits) => fits(node));
}

/** What a rule does not say hinders nobody; what is not known of a node fits nothing. */
function compile({ names, addresses, systems, labels }: NodeRule): Fits {
  const networks = addresses?.flatMap((text) => parseNetwork(text) ?? []);
  const wanted = Object.entries(labels ?? {});
  return (node) =>
    (names?.some((pattern) => matchesGlob(pattern, node.name)) ?? true) &&
    (networks?.some((network) => node.address !== null && isInNetwork(network, node.address)) ?? true) &&
    (systems?.some((pattern) => node.system !== null && matchesGlob(pattern, node.system)) ?? true) &&
    wanted.every(([key, pattern]) => {
      const value = Object.hasOwn(node.labels, key) ? node.labels[key] : undefined;
      return value !== undefined && matchesGlob(pattern, value);
    });
}
