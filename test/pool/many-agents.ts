import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAgent, type Agent } from '../../src/agent/agent.ts';
import { agentConfigSchema } from '../../src/agent/config.ts';
import { noPolicies } from '../../src/agent/load-policies.ts';
import { agentConfigText } from '../../src/cli/machine/agent-config-text.ts';
import { writeProfile } from '../../src/cli/machine/join-by-profile.ts';
import { profileAnswerSchema, type AgentProfile } from '../../src/model/agent-profile.ts';
import { codeOf } from '../../src/model/errors.ts';
import { uuidV4 } from '../../src/model/uuid.ts';
import { nodeClock, nodeTimers } from '../../src/runtime/node/clock.ts';
import { nodeCommands } from '../../src/runtime/node/commands.ts';
import { nodeDatabases } from '../../src/runtime/node/database.ts';
import { nodeFiles } from '../../src/runtime/node/files.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { nodeNetwork } from '../../src/runtime/node/network.ts';
import { nodeRandom } from '../../src/runtime/node/random.ts';
import type { Log } from '../../src/runtime/log.ts';
import type { Credentials } from '../../src/runtime/network.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { askEnrolment } from '../../src/security/ask-enrolment.ts';
import { makeKeyPair } from '../../src/security/key-pair.ts';
import { ManagedProcess } from './managed-process.ts';
import type { RealPool, RealServer } from './real-pool.ts';

const inForce = 'policies of the pool are in force';
const lookEveryMs = 20;

const runtime: Runtime = {
  clock: nodeClock,
  timers: nodeTimers,
  random: nodeRandom,
  files: nodeFiles,
  databases: nodeDatabases,
  network: nodeNetwork(silentLog),
  commands: nodeCommands(),
  log: silentLog,
};

/** One agent, and how often it has put policies into force. */
interface Counted {
  readonly name: string;
  count(): number;
}

/**
 * Whole agents of a pool, each with a buffer of its own, spread over its servers: some in processes of their own, the others in
 * this one. What they put into force is counted without asking them, which would slow them down.
 */
export class ManyAgents implements AsyncDisposable {
  readonly #pool: RealPool;
  readonly #processes: ManagedProcess[] = [];
  readonly #agents: Agent[] = [];
  readonly #counted: Counted[] = [];

  private constructor(pool: RealPool) {
    this.#pool = pool;
  }

  /** All have joined; none need be connected yet. */
  static async start(pool: RealPool, counts: { processes: number; inside: number }): Promise<ManyAgents> {
    const agents = new ManyAgents(pool);
    try {
      for (let number = 0; number < counts.processes; number++) await agents.#addProcess(number);
      for (let number = 0; number < counts.inside; number++) await agents.#addInside(number);
      return agents;
    } catch (error) {
      await agents[Symbol.asyncDispose]();
      throw error;
    }
  }

  get names(): readonly string[] {
    return this.#counted.map(({ name }) => name);
  }

  /** Resolves when each has put something into force once more than now; rejects, naming those that have not, after `withinMs`. */
  async allChanged(withinMs: number): Promise<void> {
    const endMs = performance.now() + withinMs;
    let waiting = this.#counted.map((one) => ({ one, before: one.count() }));
    while (waiting.length > 0) {
      if (performance.now() > endMs)
        throw new Error(`not within ${withinMs} ms: ${waiting.map(({ one }) => one.name).join(', ')}`);
      await sleep(lookEveryMs);
      waiting = waiting.filter(({ one, before }) => one.count() === before);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      ...this.#processes.map((process) => process.stop()),
      ...this.#agents.map((agent) => agent[Symbol.asyncDispose]()),
    ]);
  }

  async #addProcess(number: number): Promise<void> {
    const name = `own-${number}`;
    const { profile, data, url } = await this.#profile(name, number);
    const identity = {
      certificate: path.join(data, 'agent.pem'),
      key: path.join(data, 'agent.key'),
      authorities: path.join(data, 'authorities.pem'),
    };
    await nodeFiles.makeDirectory(data, 0o700);
    await writeProfile(runtime, data, identity, profile);
    const policies = path.join(data, 'policies');
    await nodeFiles.makeDirectory(policies, 0o700);
    const config = `${data}.yaml`;
    const ids = { name, coreId: uuidV4(nodeRandom.bytes(16)), pool: profile.pool.id };
    writeFileSync(config, agentConfigText({ ...ids, servers: [url], data, identity, policies }));
    const process = new ManagedProcess(name, ['agent', 'run', '--config', config], `${data}.log`);
    process.start();
    this.#processes.push(process);
    const stored = path.join(data, 'deployed-policies.json');
    this.#counted.push({ name, count: () => statSync(stored).mtimeMs });
  }

  async #addInside(number: number): Promise<void> {
    const node = `inside-${number}`;
    const { profile, data, url } = await this.#profile(node, number);
    const { keyPem } = makeKeyPair();
    const coreId = uuidV4(nodeRandom.bytes(16));
    const pending = { token: profile.token, keyPem, authorityPems: profile.authorities };
    const credentials = await patiently(() =>
      askEnrolment(runtime.network, url, { name: node, coreId }, pending),
    );
    let count = 0;
    const log: Log = {
      ...silentLog,
      info: (text) => {
        if (text === inForce) count += 1;
      },
      with: () => log,
    };
    const agent = await startAgent({
      runtime: { ...runtime, log },
      config: agentConfigSchema.parse({
        name: node,
        coreId,
        pool: profile.pool.id,
        servers: [url],
        data,
        identity: { certificate: 'c', key: 'k', authorities: 'a' },
      }),
      credentials,
      policies: noPolicies,
      version: 'test',
      onFatal: (error) => {
        throw error;
      },
    });
    this.#agents.push(agent);
    this.#counted.push({ name: node, count: () => count });
  }

  /** Servers take turns: each lets so many join from one address in a minute. */
  async #profile(
    node: string,
    number: number,
  ): Promise<{ profile: AgentProfile; data: string; url: string }> {
    const { servers, folder } = this.#pool;
    const server: RealServer | undefined = servers[number % servers.length];
    if (!server) throw new Error('the pool has no server');
    const asked = { node, validMs: 600_000 };
    const answer = await server.api.request('POST', '/api/v1/agent-profiles', asked);
    const { profile } = profileAnswerSchema.parse(answer);
    return { profile, data: path.join(folder, node), url: server.url };
  }
}

async function patiently(enrol: () => Promise<Credentials>): Promise<Credentials> {
  for (;;)
    try {
      return await enrol();
    } catch (error) {
      if (codeOf(error) !== 'WK_OVERLOADED') throw error;
      await sleep(500);
    }
}
