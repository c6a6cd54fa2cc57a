import { z } from 'zod';
import { nodeViewSchema, poolStatusSchema } from '../../../src/model/api.ts';
import { deploymentSchema } from '../../../src/model/policy-api.ts';
import { rolesSchema, virtualInterfacesSchema } from '../../../src/model/role-api.ts';
import { PolledAnswer } from './polled.ts';

/** What several parts of the console look at at once. */
export const poolStatus = new PolledAnswer('/api/v1/pool', poolStatusSchema, 2_500);
export const nodes = new PolledAnswer('/api/v1/nodes', z.object({ nodes: z.array(nodeViewSchema) }), 3_000);
/** What every node should run, and what it says it runs. */
export const deployment = new PolledAnswer('/api/v1/deployment', deploymentSchema, 5_000);
export const roles = new PolledAnswer('/api/v1/roles', rolesSchema, 2_000);
export const virtualInterfaces = new PolledAnswer(
  '/api/v1/virtual-interfaces',
  virtualInterfacesSchema,
  3_000,
);

export function refreshAnswers(): void {
  for (const answer of [poolStatus, nodes, roles, virtualInterfaces]) void answer.refresh();
}
