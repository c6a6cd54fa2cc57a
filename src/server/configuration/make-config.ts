import { definitionChangeSchema } from '../../model/definition-change.ts';
import { keys } from '../../model/definitions.ts';
import { deploymentHoldSchema } from '../../model/policy-definitions.ts';
import { setupTokenSchema } from '../../model/users.ts';
import { ConfigEditor } from './config-editor.ts';
import { changedSince, ConfigService } from './config-service.ts';
import type { Deployment } from '../agents/deployment.ts';
import { mustBeSafe } from '../depot/depot-service.ts';
import type { ServerDepot } from '../depot/server-depot.ts';
import { orderDeployment } from '../agents/order-deployment.ts';
import { PolicyService } from './policy-service.ts';
import { reachedMsMax, type ServerState } from '../server-state.ts';

/** What the API does with definitions, put together from the parts of a server. */
export function makeConfig(
  state: ServerState,
  { deployment, depot }: { readonly deployment: Deployment; readonly depot: ServerDepot },
): { readonly config: ConfigService; readonly policies: PolicyService } {
  const { parts, mirror, pool, ownMessages, definitions } = state;
  const { runtime, coordination, store } = parts;
  const { now, recorder } = definitions;
  const history = store.messages.definitions;
  const editor = new ConfigEditor({
    ...runtime,
    coordination,
    now,
    recorder,
    ownMessages,
    systems: () => pool.managerSystems(),
    filesSafe: (files) => mustBeSafe(depot, files),
    revisionOf: (key) => mirror.revisionOf(key),
    setupLinksOf: (user) =>
      mirror
        .entries(keys.setupTokens, setupTokenSchema)
        .filter(({ value }) => value.user === user)
        .map(({ key }) => key),
    reached: (revision) => mirror.reached(revision, reachedMsMax),
    changed: (place, seen) => {
      const waiting = mirror.list(keys.definitionChanges, definitionChangeSchema);
      return changedSince(history, waiting, place, pool.generationOf(seen));
    },
  });
  const holdWrites = (by: string): { key: string; value: string }[] => {
    if (mirror.get(keys.deploymentHold, deploymentHoldSchema) !== null) return [];
    const hold = { sinceMs: runtime.clock.wallMs(), by, released: [] };
    return [{ key: keys.deploymentHold, value: JSON.stringify(hold) }];
  };
  const config = new ConfigService({
    now,
    editor,
    history,
    holdWrites,
    nodes: () =>
      pool
        .nodes()
        .map(({ name }) => name)
        .toSorted()
        .map((name) => deployment.factsOf(name)),
  });
  const policies = new PolicyService({
    deployment,
    editor,
    primaries: {
      ...runtime,
      coordination,
      ownMessages,
      own: () => pool.managerSystems().own,
      nodes: () => pool.nodes(),
      reached: (revision) => mirror.reached(revision, reachedMsMax),
    },
    config,
    now,
    order: (nodes, by) => {
      const reached = (revision: number): Promise<void> => mirror.reached(revision, reachedMsMax);
      const ports = { coordination, clock: runtime.clock, nodes: () => pool.nodes(), reached };
      return orderDeployment(ports, nodes, by);
    },
    mirror,
    pool,
    messages: store.messages,
    serverZone: () => runtime.clock.timeZone(),
  });
  return { config, policies };
}
