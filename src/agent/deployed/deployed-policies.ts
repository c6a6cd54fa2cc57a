import { z } from 'zod';
import { textOf } from '../../model/errors.ts';
import type { Policy } from '../../model/policy.ts';
import type { PoliciesRunning } from '../../model/policy-definitions.ts';
import { emptyDigest, readPolicySet, type RefusedPolicy } from '../../policies/policy-set.ts';
import { nodeManagers, whyNotPrimary } from '../managers/node-policies.ts';
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
  /** What `running` says has changed, and nobody has asked. */
  readonly onChange: () => void;
}

const storedSchema = z.strictObject({ generation: z.int().min(1), digest: z.string(), text: z.string() });
const refusedCharsMax = 1_024;
/** A set that the disk did not take is tried again so often. */
const storeAgainMs = 30_000;

/**
 * The policies that the pool sent. A set is checked, stored and applied, in this order, one set at a time; what is
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
      if ('policies' in read)
        return new DeployedPolicies(ports, stored.generation, read.policies, stored.digest);
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
    const forbidden = read.policies.flatMap((policy) => this.#forbidden(policy));
    const before = nodeManagers(this.#policies).primary;
    const primary = whyNotPrimary(nodeManagers(read.policies), before);
    if (primary !== null) forbidden.push({ policy: 'primary-manager', text: primary });
    if (forbidden.length > 0) return this.#refuse(digest, refusedText(forbidden));
    try {
      const stored = JSON.stringify({ generation, digest, text });
      await this.#ports.runtime.files.writeAtomic(this.#ports.path, stored, 0o600);
    } catch (error) {
      this.#again = this.#ports.runtime.timers.after(storeAgainMs, () => void this.#takeAgain(offered));
      return this.#refuse(digest, `the set could not be stored, and is tried again: ${textOf(error)}`);
    }
    this.#policies = read.policies;
    this.#running = { generation, digest, refused: null };
    await this.#ports.apply(read.policies);
    this.#ports.runtime.log.info('policies of the pool are in force', {
      generation,
      policies: read.policies.map(({ name }) => name).join(', '),
    });
    return this.#running;
  }

  async #takeAgain(offered: OfferedSet): Promise<void> {
    await this.take(offered);
    this.#ports.onChange();
  }

  #forbidden(policy: Policy): RefusedPolicy[] {
    if (policy.kind !== 'command') return [];
    const text = this.#ports.whyNotProgram(policy.command[0]);
    return text === null ? [] : [{ policy: policy.name, text }];
  }

  #refuse(digest: string, text: string): PoliciesRunning {
    this.#ports.runtime.log.error('policies of the pool were refused', { digest, text });
    this.#running = { ...this.#running, refused: { digest, text: text.slice(0, refusedCharsMax) } };
    return this.#running;
  }
}

function refusedText(refused: readonly RefusedPolicy[]): string {
  return refused.map(({ policy, text }) => `${policy}: ${text}`).join('; ');
}
