import type { MessageFilter, MessageView } from './api.ts';
import { severityRank } from './severity.ts';

/** Whether a message passes a filter as the server would apply it; live events come unfiltered. */
export function matchesFilter(message: MessageView, filter: MessageFilter): boolean {
  const { severity, severities, node, group, text, state, key, sinceMs, same } = filter;
  return (
    (severity === undefined || severityRank(message.severity) >= severityRank(severity)) &&
    (severities === undefined || severities.includes(message.severity)) &&
    (node === undefined || message.nodeName === node || message.node === node) &&
    (group === undefined || message.group === group) &&
    (text === undefined || message.text.toLowerCase().includes(text.toLowerCase())) &&
    (state === undefined || message.state === state) &&
    (key === undefined || message.key === key) &&
    (sinceMs === undefined || message.createdMs >= sinceMs) &&
    (same === undefined || message.same?.key === same)
  );
}
