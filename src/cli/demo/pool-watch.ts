import { z } from 'zod';
import { messagePageSchema, nodeViewSchema, poolStatusSchema } from '../../model/api.ts';
import { textOf } from '../../model/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { readIdentityFile } from '../../security/identity-file.ts';
import { PoolClient, type Target } from '../asking/pool-client.ts';
import type { DemoPool } from './demo-pool.ts';
import type { DemoView } from './demo-view.ts';

const nodesSchema = z.object({ nodes: z.array(nodeViewSchema) });
const messagesShown = 50;
const askMsMax = 2_000;

type Known = Pick<DemoView, 'status' | 'because' | 'nodes' | 'messages'>;

/** Looks at the pool as any operator's client does: by the API, at the virtual interface first, then at any server. */
export class PoolWatch {
  readonly #client: PoolClient;
  #known: Known = { status: null, because: 'the pool starts', nodes: [], messages: [] };

  private constructor(client: PoolClient) {
    this.#client = client;
  }

  static async open(runtime: Runtime, pool: DemoPool): Promise<PoolWatch> {
    const target = await demoTarget(runtime, pool, [pool.virtualUrl, ...pool.servers.map(({ url }) => url)]);
    return new PoolWatch(new PoolClient(runtime, target, 'demo'));
  }

  get known(): Known {
    return this.#known;
  }

  /** Asks once. While nobody answers, what was known stays, except the status, which is unknown then. */
  async look(): Promise<void> {
    try {
      const [status, { nodes }, { messages }] = await Promise.all([
        this.#client.ask({ path: '/api/v1/pool' }, poolStatusSchema),
        this.#client.ask({ path: '/api/v1/nodes' }, nodesSchema),
        this.#client.ask({ path: '/api/v1/messages', query: { limit: messagesShown } }, messagePageSchema),
      ]);
      this.#known = {
        status,
        because: '',
        nodes: nodes.sort((a, b) => (a.name < b.name ? -1 : 1)),
        messages,
      };
    } catch (error) {
      this.#known = { ...this.#known, status: null, because: textOf(error) };
    }
  }

  /** Null when everything of the demo is up; else what is still missing. */
  missing(pool: DemoPool): string | null {
    const { status, nodes, because } = this.#known;
    if (status === null) return because;
    const healthy = status.members.filter((member) => member.state !== 'offline' && member.healthy);
    if (healthy.length < pool.servers.length)
      return `${healthy.length} of ${pool.servers.length} servers are healthy`;
    const vacant = status.roles.find(({ holder }) => holder === null);
    if (vacant || status.roles.length < 2) return `nobody holds ${vacant?.role ?? 'the roles'} yet`;
    const connected = nodes.filter(({ connectedTo }) => connectedTo !== null);
    if (connected.length < pool.agents.length)
      return `${connected.length} of ${pool.agents.length} agents are connected`;
    return null;
  }
}

/** How the demo reaches its own pool: as the administrator that `pool create` made. */
export async function demoTarget(
  { files }: Pick<Runtime, 'files'>,
  pool: DemoPool,
  servers: readonly string[],
): Promise<Target> {
  const { credentials } = await readIdentityFile(files, pool.identityPath);
  const trust = { authorityPems: credentials.authorityPems };
  return { servers, trust, credentials, token: null, timeoutMs: askMsMax };
}
