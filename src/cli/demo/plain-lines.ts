import type { MessageView } from '../../model/api.ts';
import type { DemoView } from './demo-view.ts';
import { actingOf, virtualInterfacesOf, wellStored } from './facts.ts';
import { clock, count } from './picture.ts';
import { printable } from './line.ts';

/** What changed from one view to the next, one plain line a change, for output that is not a terminal. */
export function plainLines(before: DemoView | null, after: DemoView): string[] {
  const known = factsOf(before);
  const stamp = clock(after.nowMs);
  const changed = [...factsOf(after)].filter(([what, value]) => known.get(what) !== value);
  return [
    ...changed.map(([what, value]) => `${stamp} ${what}: ${value}`),
    ...newMessages(before, after).map((message) => `${stamp} ${messageText(message)}`),
  ];
}

/** What can change, by name, in words. */
function factsOf(view: DemoView | null): Map<string, string> {
  const facts = new Map<string, string>();
  if (view === null) return facts;
  if (view.status !== null) {
    const { members, atRisk } = view.status;
    for (const member of members)
      facts.set(
        `server ${member.name}`,
        member.healthy ? member.state : `${member.state}, ${member.because}`,
      );
    const acting = actingOf(view.status);
    if (acting) facts.set('acting', holderText(acting));
    for (const role of virtualInterfacesOf(view.status)) facts.set(role.role, holderText(role));
    facts.set('copies', atRisk.is ? `at risk, ${atRisk.because}` : wellStored(members.length));
  }
  for (const node of view.nodes)
    facts.set(`agent ${node.name}`, node.connectedTo === null ? 'not connected' : `at ${node.connectedTo}`);
  for (const { name, restarts } of view.processes)
    if (restarts > 0) facts.set(`${name} restarted`, `${count(restarts)} times`);
  return facts;
}

function holderText(role: { holderName: string | null; epoch: number; because: string }): string {
  return `${role.holderName ?? 'nobody'}, epoch ${role.epoch}, ${role.because}`;
}

function newMessages(before: DemoView | null, after: DemoView): MessageView[] {
  const known = new Set(before?.messages.map(({ id }) => id) ?? []);
  const newestMs = Math.max(0, ...(before?.messages.map(({ createdMs }) => createdMs) ?? []));
  return after.messages.filter(({ id, createdMs }) => !known.has(id) && createdMs >= newestMs).toReversed();
}

function messageText(message: MessageView): string {
  return `message ${message.severity} ${message.nodeName}: ${printable(message.text)}`;
}
