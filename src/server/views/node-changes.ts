import type { NodeView } from '../../model/api.ts';
import { nodeChangesMax, type Overview } from '../../model/overview.ts';

const withinMs = 3_600_000;

/** Which nodes connected within the hour, and which were heard within it and are away now. */
export function nodeChanges(
  nodes: readonly NodeView[],
  nowMs: number,
): Pick<Overview, 'nodesCame' | 'nodesWent'> {
  const since = nowMs - withinMs;
  const came = nodes.filter(({ connectedTo, sinceMs }) => connectedTo !== null && (sinceMs ?? 0) >= since);
  const went = nodes.filter(
    ({ connectedTo, lastHeardMs }) => connectedTo === null && (lastHeardMs ?? 0) >= since,
  );
  return {
    nodesCame: changed(came, ({ sinceMs }) => sinceMs),
    nodesWent: changed(went, ({ lastHeardMs }) => lastHeardMs),
  };
}

function changed(nodes: readonly NodeView[], at: (node: NodeView) => number | null): Overview['nodesCame'] {
  const latest = nodes
    .map((node) => ({ name: node.name, atMs: at(node) ?? 0, server: node.connectedTo }))
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, nodeChangesMax);
  return { number: nodes.length, latest };
}
