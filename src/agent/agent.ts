import { severities } from '../model/severity.ts';
import { textOf, type WatchError } from '../model/errors.ts';
import type { MessageDraft } from '../model/message.ts';
import type { Policy } from '../model/policy.ts';
import type { Credentials } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { AgentIdentity } from './agent-identity.ts';
import type { AgentStatus } from './agent-status.ts';
import { Buffer } from './buffer/buffer.ts';
import type { AgentConfig } from './config.ts';
import type { LoadedPolicies } from './load-policies.ts';
import { openLocalServer } from './local/local-server.ts';
import { agentSocketPath } from './local/local-protocol.ts';
import { CommandSource } from './sources/command.ts';
import { compileLogPolicy } from './sources/evaluate-line.ts';
import { fitDraft } from './sources/fit-draft.ts';
import { LogFileSource } from './sources/log-file.ts';
import type { Source, SourceOptions } from './sources/source.ts';
import { AgentStream } from './stream/agent-stream.ts';
import type { IdentityStore } from '../security/identity-store.ts';

export interface AgentOptions {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  readonly credentials: Credentials;
  /** Where they are kept and renewed; without it they stay as they are. */
  readonly identity?: IdentityStore;
  readonly policies: LoadedPolicies;
  readonly version: string;
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

class RunningAgent implements Agent {
  readonly #options: AgentOptions;
  readonly #startedMs: number;
  readonly #parts: AsyncDisposableStack;
  readonly #buffer: Buffer;
  readonly #stream: AgentStream;
  readonly #sources: readonly Source[];

  private constructor(
    options: AgentOptions,
    parts: AsyncDisposableStack,
    { buffer, stream, sources }: { buffer: Buffer; stream: AgentStream; sources: readonly Source[] },
  ) {
    this.#options = options;
    this.#startedMs = options.runtime.clock.wallMs();
    this.#parts = parts;
    this.#buffer = buffer;
    this.#stream = stream;
    this.#sources = sources;
  }

  /** Takes over `parts`: they end in the reverse order, sources before the stream, the stream before the buffer. */
  static async start(options: AgentOptions, parts: AsyncDisposableStack): Promise<RunningAgent> {
    const { runtime, config, credentials, policies, version } = options;
    const node = { coreId: config.coreId, name: config.name };
    let stream: AgentStream | null = null;
    const buffer = parts.use(
      await Buffer.open({
        runtime,
        path: `${config.data}/buffer.db`,
        bytesMax: config.buffer.bytesMax,
        node,
        onAppended: () => stream?.appended(),
        onFatal: options.onFatal,
      }),
    );
    report(runtime, buffer, startMessages(config, policies, version));
    const { pool, servers } = config;
    const identity = parts.use(
      new AgentIdentity({
        runtime,
        credentials,
        store: options.identity ?? null,
        servers: () => stream?.status.servers ?? servers,
      }),
    );
    stream = parts.use(
      new AgentStream({
        runtime,
        node,
        pool,
        servers,
        credentials: () => identity.credentials,
        disbelieved: () => identity.disbelieved(),
        version,
        buffer,
      }),
    );
    const onProblem = problemReporter(runtime, buffer);
    const sources = policies.policies.map((policy) =>
      parts.use(sourceOf(policy, { runtime, buffer, onProblem })),
    );
    return new RunningAgent(options, parts.move(), { buffer, stream, sources });
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
      sources: this.#sources.map(({ status }) => ({ ...status, counts: { ...status.counts } })),
      refusedPolicies: [...policies.refused],
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}

function bySeverity(counts: readonly number[]): Record<string, number> {
  return Object.fromEntries(severities.map((severity, rank) => [severity, counts[rank] ?? 0]));
}

function sourceOf(policy: Policy, options: SourceOptions): Source {
  return policy.kind === 'log-file'
    ? new LogFileSource({ ...options, compiled: compileLogPolicy(policy) })
    : new CommandSource({ ...options, policy });
}

/** The agent's own messages: that it started, and which policies it could not take. */
function startMessages(config: AgentConfig, policies: LoadedPolicies, version: string): MessageDraft[] {
  const own = { application: 'watchkeeper', group: 'agent', source: 'agent' } as const;
  const started = fitDraft({
    ...own,
    severity: 'normal',
    text: `agent ${config.name} started (version ${version}, ${policies.policies.length} policies)`,
    object: 'agent',
    key: 'watchkeeper:started',
  });
  const refused = policies.refused.map(({ path, text }) =>
    fitDraft({
      ...own,
      severity: 'major',
      text: `policy refused: ${text}`,
      object: path,
      key: `watchkeeper:policy:${path}`,
    }),
  );
  return [started, ...refused];
}

/** What a source cannot do is a message too, and so is that it can again; both have one key. */
function problemReporter(runtime: Pick<Runtime, 'log'>, buffer: Buffer): SourceOptions['onProblem'] {
  return (policy, problem) => {
    runtime.log.warn(problem === null ? 'a source works again' : 'a source has a problem', {
      policy,
      problem,
    });
    const draft = fitDraft({
      severity: problem === null ? 'normal' : 'warning',
      text: problem === null ? `policy ${policy} works again` : `policy ${policy}: ${problem}`,
      application: 'watchkeeper',
      object: policy,
      group: 'agent',
      key: `watchkeeper:source:${policy}`,
      source: 'agent',
    });
    report(runtime, buffer, [draft]);
  };
}

/** The disk may be what is wrong; then the log is what is left, and the agent goes on. */
function report(runtime: Pick<Runtime, 'log'>, buffer: Buffer, drafts: readonly MessageDraft[]): void {
  buffer.append({ drafts }).catch((error: unknown) =>
    runtime.log.warn('the agent could not report about itself', {
      text: drafts[0]?.text,
      why: textOf(error),
    }),
  );
}
