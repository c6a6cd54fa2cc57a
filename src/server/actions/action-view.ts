import type { ActionRecord } from '../../messages/action-rows.ts';
import type { ActionView } from '../../model/action-api.ts';
import { actionState } from '../../model/action-state.ts';

/** An action as the API shows it at this moment. */
export function actionView(record: ActionRecord, nowMs: number): ActionView {
  const { order, started, ended } = record;
  const { id, request, node, nodeName, tool, parameters, command, user, by, message, decision, policy } =
    order;
  return {
    id,
    request,
    node,
    nodeName,
    tool,
    parameters,
    command: [...command],
    user,
    by,
    from: order.from.name,
    message,
    policy: policy === undefined ? null : { name: policy.name, kind: policy.kind },
    decision,
    askedMs: order.askedMs,
    deadlineMs: order.deadlineMs,
    startedMs: started?.atMs ?? null,
    endedMs: ended?.atMs ?? null,
    ...actionState(record, nowMs),
    exitCode: ended?.exitCode ?? null,
    cut: ended?.cut ?? false,
  };
}
