import type { WatchPolicy } from '../../model/policy.ts';
import { CommandSource } from './command.ts';
import { compileLogPolicy } from './evaluate-line.ts';
import { LogFileSource } from './log-file.ts';
import type { Source, SourceOptions } from './source.ts';

interface Running {
  /** The policy as JSON: another one means another source. */
  readonly text: string;
  readonly source: Source;
}

/**
 * The sources of the policies that are in force. A policy that stays as it was is not disturbed; one that changed is
 * ended before the new one begins, since both keep their place under the name of the policy.
 */
export class RunningSources implements AsyncDisposable {
  readonly #options: SourceOptions;
  readonly #running = new Map<string, Running>();
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  get statuses(): readonly Source['status'][] {
    return [...this.#running.values()].map(({ source }) => source.status);
  }

  /** Makes these the ones that run; a name that comes twice is of the later one. Policies have been checked. */
  set(policies: readonly WatchPolicy[]): Promise<void> {
    this.#last = this.#last.then(() => this.#set(policies));
    return this.#last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#last;
    await Promise.all([...this.#running.values()].map(({ source }) => source[Symbol.asyncDispose]()));
  }

  async #set(policies: readonly WatchPolicy[]): Promise<void> {
    if (this.#closed) return;
    const wanted = new Map(policies.map((policy) => [policy.name, policy]));
    const ended = [...this.#running].filter(([name, { text }]) => JSON.stringify(wanted.get(name)) !== text);
    for (const [name] of ended) this.#running.delete(name);
    await Promise.all(ended.map(([, { source }]) => source[Symbol.asyncDispose]()));
    for (const [name, policy] of wanted)
      if (!this.#running.has(name))
        this.#running.set(name, { text: JSON.stringify(policy), source: this.#begin(policy) });
  }

  #begin(policy: WatchPolicy): Source {
    return policy.kind === 'log-file'
      ? new LogFileSource({ ...this.#options, compiled: compileLogPolicy(policy) })
      : new CommandSource({ ...this.#options, policy });
  }
}
