import type { Agent } from '../../src/agent/agent.ts';
import { check } from '../world/violation.ts';

interface Books {
  readonly name: string;
  readonly running: Agent | null;
}

/** Answers which messages were lost in full buffers: never more than the agents themselves say. `accepted` by agent. */
export function checkBooks(
  agents: readonly Books[],
  accepted: ReadonlyMap<string, readonly string[]>,
  isStored: (id: string) => boolean,
): Set<string> {
  const lost = new Set<string>();
  for (const { name, running } of agents) {
    const buffer = running?.status.buffer;
    if (!buffer) continue;
    const { produced, delivered, buffered, dropped } = buffer;
    check(
      sum(produced) === sum(delivered) + sum(buffered) + sum(dropped),
      'produced = delivered + buffered + gaps (I9)',
      () => `${name}: ${JSON.stringify(buffer)}`,
    );
    const missing = (accepted.get(name) ?? []).filter((id) => !isStored(id));
    check(
      missing.length <= sum(dropped),
      'no silent drop (I9)',
      () => `${name} lacks ${missing.length}, says ${sum(dropped)}: ${missing.slice(0, 5).join(' ')}`,
    );
    for (const id of missing) lost.add(id);
  }
  return lost;
}

export function sum(bySeverity: Readonly<Record<string, number>>): number {
  return Object.values(bySeverity).reduce((total, count) => total + count, 0);
}
