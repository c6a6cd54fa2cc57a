import { severities } from '../model/severity.ts';
import type { WatchError } from '../model/errors.ts';
import type { MessageDraft } from '../model/message.ts';
import { isWatchPolicy, type Policy, type WatchPolicy } from '../model/policy.ts';
import type { Credentials } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { Actions } from './actions/actions.ts';
import { AgentIdentity, type Enrolling } from './agent-identity.ts';
import type { AgentStatus } from './agent-status.ts';
import { whyNotProgram } from './allowed.ts';
import { Buffer, type BufferOptions } from './buffer/buffer.ts';
import type { AgentConfig } from './config.ts';
import { AgentDepot } from './depot/agent-depot.ts';
import { FetchDepot } from './depot/fetch-depot.ts';
import { DeployedPolicies } from './deployed/deployed-policies.ts';
import type { LoadedPolicies } from './load-policies.ts';
import { openLocalServer } from './local/local-server.ts';
import { agentSocketPath } from './local/local-protocol.ts';
import { problemReporter, report, startMessages } from './own-reports.ts';
import { noManagers, nodeManagers } from './managers/node-policies.ts';
import { routeMessage } from './managers/route-message.ts';
import { RunningSources } from './sources/running-sources.ts';
import { AgentStreams } from './stream/agent-streams.ts';
import type { IdentityStore } from '../security/identity-store.ts';

export interface AgentOptions {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  /** Its certificate, or what leads to one at the first server that answers. */
  readonly credentials: Credentials | Enrolling;
  /** Where they are kept and renewed; without it they stay as they are. */
  readonly identity?: IdentityStore;
  readonly policies: LoadedPolicies;
  readonly version: string;
  /** What this machine runs on, `linux`; rules of node groups may ask for it. */
  readonly system?: string;
  /** The disk failed: nothing more can be believed, the process must end and be started anew. */
  readonly onFatal: (error: WatchError) => void;
}

export interface Agent extends AsyncDisposable {
  /** Resolves with the message's ID when it is on disk. Rejects like `Buffer.append`. */
  send(draft: MessageDraft): Promise<string>;
  readonly status: AgentStatus;
}

/**
 * Starts an agent; several may run in one process, each with a data folder of its own. The socket comes first: who
 * answers at it owns the data folder, and a second agent there is refused with WK_PORT_IN_USE.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { runtime, config } = options;
  await runtime.files.makeDirectory(config.data, 0o700);
  await using parts = new AsyncDisposableStack();
  // Requests wait for the buffer, which opens only when the data folder is ours.
  const started = Promise.withResolvers<RunningAgent>();
  started.promise.catch(() => undefined);
  parts.use(
    await openLocalServer(runtime.network, agentSocketPath(config.data), {
      send: async (draft) => (await started.promise).send(draft),
      status: async () => (await started.promise).status,
    }),
  );
  try {
    const agent = await RunningAgent.start(options, parts);
    started.resolve(agent);
    return agent;
  } catch (error) {
    started.reject(error);
    throw error;
  }
}

interface Inner {
  readonly buffer: Buffer;
  readonly stream: AgentStreams;
  readonly sources: RunningSources;
  readonly deployed: DeployedPolicies;
  readonly depot: AgentDepot;
}

class RunningAgent implements Agent {
  readonly #options: AgentOptions;
  readonly #startedMs: number;
  readonly #parts: AsyncDisposableStack;
  readonly #buffer: Buffer;
  readonly #stream: AgentStreams;
  readonly #sources: RunningSources;
  readonly #deployed: DeployedPolicies;
  readonly #depot: AgentDepot;

  private constructor(
    options: AgentOptions,
    parts: AsyncDisposableStack,
    { buffer, stream, sources, deployed, depot }: Inner,
  ) {
    this.#options = options;
    this.#startedMs = options.runtime.clock.wallMs();
    this.#parts = parts;
    this.#buffer = buffer;
    this.#stream = stream;
    this.#sources = sources;
    this.#deployed = deployed;
    this.#depot = depot;
  }

  /** Takes over `parts`: they end in the reverse order, sources before the stream, the stream before the buffer. */
  static async start(options: AgentOptions, parts: AsyncDisposableStack): Promise<RunningAgent> {
    const { runtime, config, policies, version, system } = options;
    const node = { coreId: config.coreId, name: config.name };
    let stream: AgentStreams | null = null;
    let managers = noManagers;
    const buffer = parts.use(
      await openBuffer(options, {
        route: (message) => routeMessage(managers, node, message, runtime.clock.timeZone()),
        onAppended: () => stream?.appended(),
      }),
    );
    report(runtime, buffer, startMessages(config, policies, version));
    const sources = new RunningSources({ runtime, buffer, onProblem: problemReporter(runtime, buffer) });
    const fetchDepot = new FetchDepot(runtime.timers);
    const depot = await openDepot(options, fetchDepot);
    const deployed = parts.use(
      await DeployedPolicies.open({
        runtime,
        path: `${config.data}/deployed-policies.json`,
        apply: (fromPool) => {
          managers = nodeManagers(fromPool);
          stream?.set(managers);
          return sources.set([...policies.policies, ...watched(fromPool, depot)]);
        },
        whyNotProgram: (program) => whyNotProgram(config, program),
        depot,
        onChange: () => stream?.tellPolicies(),
      }),
    );
    managers = nodeManagers(deployed.policies);
    const { pool, servers } = config;
    const identity = parts.use(openIdentity(options, () => stream?.status.servers ?? servers));
    const actions = parts.use(
      await Actions.open({
        runtime,
        path: `${config.data}/actions.db`,
        config,
        managers: () => managers,
        authorityPems: () => identity.credentials?.authorityPems ?? [],
        depot,
      }),
    );
    stream = parts.use(
      new AgentStreams({
        runtime,
        node,
        pool,
        servers,
        credentials: () => identity.credentials,
        enrol: (server) => identity.enrol(server),
        disbelieved: () => identity.disbelieved(),
        trusted: (message) => identity.trusted(message),
        version,
        system,
        buffer,
        policies: deployed,
        actions,
        depot: fetchDepot,
        managers,
      }),
    );
    parts.use(sources);
    await sources.set([...policies.policies, ...watched(deployed.policies, depot)]);
    return new RunningAgent(options, parts.move(), { buffer, stream, sources, deployed, depot });
  }

  async send(draft: MessageDraft): Promise<string> {
    const [id = ''] = await this.#buffer.append({ drafts: [draft] });
    return id;
  }

  get status(): AgentStatus {
    const { config, version, policies } = this.#options;
    const { produced, delivered, buffered, dropped, bufferedBytes, onceBytes } = this.#buffer.totals;
    return {
      name: config.name,
      coreId: config.coreId,
      version,
      startedMs: this.#startedMs,
      connection: { ...this.#stream.status, servers: [...this.#stream.status.servers] },
      buffer: {
        produced: bySeverity(produced),
        delivered: bySeverity(delivered),
        buffered: bySeverity(buffered),
        dropped: bySeverity(dropped),
        bufferedBytes,
        onceBytes,
        bytesMax: config.buffer.bytesMax,
        unknownGaps: this.#buffer.unknownGaps,
        diskFull: this.#buffer.diskFull,
      },
      sources: this.#sources.statuses.map((status) => ({ ...status, counts: { ...status.counts } })),
      otherPools: otherPoolStatuses(this.#stream, this.#buffer),
      primary: this.#stream.primary?.name ?? null,
      fromPool: { ...this.#deployed.running, policies: this.#deployed.policies.map(({ name }) => name) },
      depot: this.#depot.status,
      refusedPolicies: [...policies.refused],
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}

function openBuffer(
  { runtime, config, onFatal }: AgentOptions,
  told: Pick<BufferOptions, 'route' | 'onAppended'>,
): Promise<Buffer> {
  return Buffer.open({
    runtime,
    path: `${config.data}/buffer.db`,
    bytesMax: config.buffer.bytesMax,
    node: { coreId: config.coreId, name: config.name },
    ...told,
    onFatal,
  });
}

function openIdentity(
  { runtime, config, credentials, identity }: AgentOptions,
  servers: () => readonly string[],
): AgentIdentity {
  const node = { coreId: config.coreId, name: config.name };
  return new AgentIdentity({ runtime, node, credentials, store: identity ?? null, servers });
}

function openDepot({ runtime, config }: AgentOptions, fetchDepot: FetchDepot): Promise<AgentDepot> {
  return AgentDepot.open({
    runtime,
    path: `${config.data}/depot`,
    bytesMax: config.depot.bytesMax,
    allow: config.depot.allow ?? config.programs === undefined,
    get: (file) => fetchDepot.get(file),
  });
}

/** What the node watches by, with the files of the depot where they are here. */
function watched(policies: readonly Policy[], depot: AgentDepot): WatchPolicy[] {
  return policies
    .filter(isWatchPolicy)
    .map((policy) =>
      policy.kind === 'command'
        ? { ...policy, command: depot.resolve(policy.command, policy.depot) }
        : policy,
    );
}

function otherPoolStatuses(stream: AgentStreams, buffer: Buffer): AgentStatus['otherPools'] {
  const waiting = new Map(buffer.targets().map((sum) => [sum.target, sum]));
  return stream.others.map(({ pool, poolName, phase, server, problem }) => ({
    pool: poolName,
    phase,
    server,
    buffered: waiting.get(pool)?.count ?? 0,
    bufferedBytes: waiting.get(pool)?.bytes ?? 0,
    problem,
  }));
}

function bySeverity(counts: readonly number[]): Record<string, number> {
  return Object.fromEntries(severities.map((severity, rank) => [severity, counts[rank] ?? 0]));
}
