import type { ActionOrder } from '../../model/action.ts';
import type { AuditDraft } from '../../model/audit.ts';
import type { AuditedBy } from '../http/action-port.ts';

/** A name has 63 characters at most; so many fit into one record. */
const namesMax = 30;
const parametersCharsMax = 1_500;

/** What the audit trail says of orders before anybody gets them: what is to be run, and on which node each. */
export function auditDrafts(orders: readonly ActionOrder[], by: AuditedBy): AuditDraft[] {
  const [first] = orders;
  if (first === undefined) return [];
  const { request, tool, parameters, message, decision, policy } = first;
  const what = {
    request,
    tool,
    ...(message === null ? {} : { message }),
    ...(policy === undefined ? {} : { policy: policy.name }),
    ...(decision === null ? {} : { decision }),
    parameters: JSON.stringify(parameters).slice(0, parametersCharsMax),
  };
  const record = (target: string, detail: object): AuditDraft => ({
    ...by,
    action: 'action.run',
    target,
    outcome: 'allowed',
    detail: JSON.stringify(detail),
  });
  if (orders.length === 1) return [record(first.nodeName, { action: first.id, ...what })];
  const names = orders.map(({ nodeName }) => nodeName);
  const lists = Array.from({ length: Math.ceil(names.length / namesMax) }, (_, at) =>
    names.slice(at * namesMax, (at + 1) * namesMax),
  );
  const target = `${orders.length} nodes`;
  return [record(target, what), ...lists.map((nodes) => record(target, { request, nodes: nodes.join(' ') }))];
}
