import type { Enrolment } from './enrolment.ts';
import { PolicyEditor } from './policy-editor.ts';
import { PolicyService } from './policy-service.ts';
import type { ServerDuties } from './server-duties.ts';
import type { ServerLinks } from './server-links.ts';
import { serverMetrics } from './server-metrics.ts';
import type { ServerState } from './server-state.ts';
import { View } from './view.ts';

/** A change that was accepted is read here a few milliseconds later, unless this server has lost sight of the coordinator. */
const reachedMsMax = 2_000;

/** What the HTTP API sees of a server, put together from its parts. */
export function makeView(
  state: ServerState,
  links: ServerLinks,
  duties: ServerDuties,
  enrolment: Enrolment,
): View {
  const { runtime, config, store, coordination } = state.parts;
  const { pool, copies, grants, health, counters } = state;
  const parts = {
    ...store,
    copies,
    grants,
    health,
    gateway: links.gateway,
    counters,
    interfaces: () => pool.interfaces(),
  };
  const editor = new PolicyEditor({
    coordination,
    clock: runtime.clock,
    ownMessages: state.ownMessages,
    reached: (revision) => state.mirror.reached(revision, reachedMsMax),
  });
  const policies = new PolicyService({
    deployment: links.deployment,
    editor,
    mirror: state.mirror,
    pool,
    messages: store.messages,
  });
  return new View({
    ...parts,
    policies,
    runtime,
    self: state.self,
    poolId: config.pool.id,
    coordination,
    ownMessages: state.ownMessages,
    coordinatorKind: config.coordinatorKind,
    coordinatorState: () => state.coordinator.state,
    members: state.members,
    pool,
    virtualInterfaces: duties.virtualInterfaces,
    mirror: state.mirror,
    join: (request, address) => enrolment.join(request, address),
    renew: (request, address) => enrolment.renew(request, address),
    access: state.access,
    metrics: () => serverMetrics(parts),
  });
}
