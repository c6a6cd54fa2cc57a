import { makeProfile } from '../agents/agent-profiles.ts';
import { DepotService } from '../depot/depot-service.ts';
import type { Enrolment } from '../trust/enrolment.ts';
import { makeActions } from '../actions/make-actions.ts';
import { makeConfig } from '../configuration/make-config.ts';
import type { ServerDuties } from '../server-duties.ts';
import type { ServerLinks } from '../server-links.ts';
import { serverMetrics } from '../server-metrics.ts';
import type { ServerState } from '../server-state.ts';
import { View } from './view.ts';

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
    sharing: () => links.sharing.status(),
  };
  const { config: definitions, policies } = makeConfig(state, links);
  return new View({
    ...parts,
    policies,
    config: definitions,
    actions: makeActions(state, links.deployment, policies),
    makeProfile: (request, by) =>
      makeProfile(
        { state, deployment: links.deployment, config: definitions, now: state.definitions.now },
        request,
        by,
      ),
    depot: new DepotService({
      depot: links.depot,
      now: state.definitions.now,
      serverName: (coreId) => pool.server(coreId)?.name ?? null,
    }),
    runtime,
    self: state.self,
    poolId: config.pool.id,
    coordination,
    recorded: state.recorded,
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
