import { z } from 'zod';
import type { DepotBytes } from '../../model/depot.ts';
import { codeOf, textOf } from '../../model/errors.ts';
import type { CommandPolicy, Policy } from '../../model/policy.ts';
import type { PoliciesRunning } from '../../model/policy-definitions.ts';
import { depotFilesFor, depotNameIn, depotNamesIn } from '../../policies/depot-reference.ts';
import { emptyDigest, readPolicySet, type RefusedPolicy } from '../../policies/policy-set.ts';
import { nodeManagers, whyNotPrimary } from '../managers/node-policies.ts';
import type { AgentDepot } from '../depot/agent-depot.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { Runtime } from '../../runtime/runtime.ts';

/** A set as a server sends it. */
export interface OfferedSet {
  readonly generation: number;
  readonly digest: string;
  readonly text: string;
}

interface Ports {
  readonly runtime: Pick<Runtime, 'files' | 'log' | 'timers'>;
  /** The file that the last good set is kept in. */
  readonly path: string;
  /** Makes these the policies that run. */
  readonly apply: (policies: readonly Policy[]) => Promise<void>;
  /** Why this node does not let policies of the pool run that program; null when it does. */
  readonly whyNotProgram: (program: string) => string | null;
  readonly depot: Pick<AgentDepot, 'whyNot' | 'hasAll' | 'ensure' | 'keepOnly'>;
  /** What `running` says has changed, and nobody has asked. */
  readonly onChange: () => void;
}

const storedSchema = z.strictObject({ generation: z.int().min(1), digest: z.string(), text: z.string() });
const refusedCharsMax = 1_024;
/** A set that the disk did not take, or a file of which could not be had, is tried again so often. */
const storeAgainMs = 30_000;

/**
 * The policies that the pool sent. A set is checked, the files that it needs are fetched, then it is stored and applied, in this order, one set at a time; what is
 * refused changes nothing. A restart goes on with the last good set, whoever can be reached then.
 */
export class DeployedPolicies implements Disposable {
  readonly #ports: Ports;
  #running: PoliciesRunning;
  #policies: readonly Policy[] = [];
  #last: Promise<unknown> = Promise.resolve();
  #again: Timer | null = null;

  private constructor(ports: Ports, generation: number, policies: readonly Policy[], digest: string) {
    this.#ports = ports;
    this.#policies = policies;
    this.#running = { generation, digest, refused: null };
  }

  /** With what the file holds; a file that cannot be used is as none, and said. Nothing is applied yet. */
  static async open(ports: Ports): Promise<DeployedPolicies> {
    const { files, log } = ports.runtime;
    try {
      if ((await files.status(ports.path)) === null) return new DeployedPolicies(ports, 0, [], emptyDigest);
      const stored = storedSchema.parse(JSON.parse(await files.readText(ports.path)));
      const read = readPolicySet(stored.text, stored.digest);
      const forbidden = 'policies' in read ? forbiddenIn(read.policies, ports) : [];
      if (forbidden.length > 0) {
        // The node's own configuration was changed since, and has the last word.
        log.error('the stored policies of the pool may not run here any more', {
          why: refusedText(forbidden),
        });
        return new DeployedPolicies(ports, stored.generation, [], emptyDigest);
      }
      if ('policies' in read) {
        // A set that lacks files runs as far as it can, and is said not to run, so that it is sent again.
        const isWhole = ports.depot.hasAll(filesOf(read.policies));
        const digest = isWhole ? stored.digest : emptyDigest;
        return new DeployedPolicies(ports, stored.generation, read.policies, digest);
      }
      log.error('the stored policies of the pool cannot be used', { why: refusedText(read.refused) });
    } catch (error) {
      log.error('the stored policies of the pool cannot be read', { path: ports.path, error: textOf(error) });
    }
    return new DeployedPolicies(ports, 0, [], emptyDigest);
  }

  get running(): PoliciesRunning {
    return this.#running;
  }

  get policies(): readonly Policy[] {
    return this.#policies;
  }

  /** Resolves when the set is applied or refused; `running` says which. Never rejects. */
  take(offered: OfferedSet): Promise<PoliciesRunning> {
    this.#again?.cancel();
    const taken = this.#last.then(() => this.#take(offered));
    this.#last = taken;
    return taken;
  }

  [Symbol.dispose](): void {
    this.#again?.cancel();
  }

  async #take(offered: OfferedSet): Promise<PoliciesRunning> {
    const { generation, digest, text } = offered;
    // Nothing is wrong with the set: whoever sent it has older definitions, and learns so from the answer.
    if (generation < this.#running.generation) return this.#running;
    const read = readPolicySet(text, digest);
    if ('refused' in read) return this.#refuse(digest, refusedText(read.refused));
    const forbidden = forbiddenIn(read.policies, this.#ports);
    const before = nodeManagers(this.#policies).primary;
    const primary = whyNotPrimary(nodeManagers(read.policies), before);
    if (primary !== null) forbidden.push({ policy: 'primary-manager', text: primary });
    const files = filesOf(read.policies);
    if (forbidden.length > 0) return this.#refuse(digest, refusedText(forbidden));
    try {
      await this.#ports.depot.ensure(files);
    } catch (error) {
      // Whoever it connects to next sends the set again.
      if (codeOf(error) === 'WK_UNREACHABLE') return this.#running;
      return this.#refuseForNow(offered, `a file of the depot could not be had: ${textOf(error)}`);
    }
    try {
      const stored = JSON.stringify({ generation, digest, text });
      await this.#ports.runtime.files.writeAtomic(this.#ports.path, stored, 0o600);
    } catch (error) {
      return this.#refuseForNow(offered, `the set could not be stored: ${textOf(error)}`);
    }
    this.#policies = read.policies;
    this.#running = { generation, digest, refused: null };
    await this.#ports.apply(read.policies);
    await this.#tidy(files);
    this.#ports.runtime.log.info('policies of the pool are in force', {
      generation,
      policies: read.policies.map(({ name }) => name).join(', '),
    });
    return this.#running;
  }

  #refuseForNow(offered: OfferedSet, text: string): PoliciesRunning {
    this.#again = this.#ports.runtime.timers.after(storeAgainMs, () => void this.#takeAgain(offered));
    return this.#refuse(offered.digest, `${text}; it is tried again`);
  }

  /** Only now: what ran before may have been in use until the new set was. */
  async #tidy(files: readonly DepotBytes[]): Promise<void> {
    try {
      await this.#ports.depot.keepOnly(files);
    } catch (error) {
      this.#ports.runtime.log.warn('unused files of the depot could not be removed', {
        error: textOf(error),
      });
    }
  }

  async #takeAgain(offered: OfferedSet): Promise<void> {
    await this.take(offered);
    this.#ports.onChange();
  }

  #refuse(digest: string, text: string): PoliciesRunning {
    this.#ports.runtime.log.error('policies of the pool were refused', { digest, text });
    this.#running = { ...this.#running, refused: { digest, text: text.slice(0, refusedCharsMax) } };
    return this.#running;
  }
}

/** What this node does not let run, whoever says so. */
function forbiddenIn(
  policies: readonly Policy[],
  { whyNotProgram, depot }: Pick<Ports, 'whyNotProgram' | 'depot'>,
): RefusedPolicy[] {
  const forbidden = policies.flatMap((policy) => {
    const text = policy.kind === 'command' ? whyForbidden(policy, whyNotProgram) : null;
    return text === null ? [] : [{ policy: policy.name, text }];
  });
  const text = depot.whyNot(filesOf(policies));
  return text === null ? forbidden : [...forbidden, { policy: 'depot', text }];
}

function whyForbidden(policy: CommandPolicy, whyNotProgram: Ports['whyNotProgram']): string | null {
  const [program] = policy.command;
  return unknownFile(policy) ?? (depotNameIn(program) === null ? whyNotProgram(program) : null);
}

/** What the set needs of the depot; it was checked that every file was sent along. */
function filesOf(policies: readonly Policy[]): DepotBytes[] {
  const files = policies.flatMap((policy) =>
    policy.kind === 'command' && unknownFile(policy) === null
      ? depotFilesFor(policy.command, policy.depot)
      : [],
  );
  return [...new Map(files.map((file) => [file.sha256, file])).values()];
}

function unknownFile({ command, depot }: CommandPolicy): string | null {
  const unknown = depotNamesIn(command).find((name) => !Object.hasOwn(depot ?? {}, name));
  return unknown === undefined ? null : `names depot file ${unknown}, and the pool has none`;
}

function refusedText(refused: readonly RefusedPolicy[]): string {
  return refused.map(({ policy, text }) => `${policy}: ${text}`).join('; ');
}
