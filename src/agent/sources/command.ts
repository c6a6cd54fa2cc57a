import { textOf } from '../../model/errors.ts';
import type { MessageDraft } from '../../model/message.ts';
import type { CommandPolicy } from '../../model/policy.ts';
import type { Timer } from '../../runtime/clock.ts';
import { every } from '../../runtime/timing.ts';
import { fitDraft } from './fit-draft.ts';
import { checkStates, readPlugin, type CheckResult, type CheckState } from './plugin-output.ts';
import type { Source, SourceOptions, SourceStatus } from './source.ts';

export interface CommandOptions extends SourceOptions {
  readonly policy: CommandPolicy;
}

const outputBytesMax = 65_536;

/** Runs a check again and again, and reports when its state is another than the last one that was written down. */
export class CommandSource implements Source {
  readonly #options: CommandOptions;
  readonly #key: string;
  readonly #timer: Timer;
  #state: CheckState | null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #problem: string | null = null;
  #runs = 0;
  #messages = 0;

  constructor(options: CommandOptions) {
    this.#options = options;
    const { policy, buffer, runtime } = options;
    this.#key = `command:${policy.name}`;
    const stored = buffer.state(this.#key);
    this.#state = checkStates.find((state) => state === stored) ?? null;
    // The first run comes soon, so that an operator sees a new check; a random phase spreads many checks out.
    const phaseMs = runtime.random.int(Math.min(policy.every, 5_000));
    this.#timer = every(runtime.timers, policy.every, () => this.run(), phaseMs);
  }

  get status(): SourceStatus {
    const { name } = this.#options.policy;
    const counts = { runs: this.#runs, messages: this.#messages };
    return { policy: name, kind: 'command', problem: this.#problem, counts };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#timer.cancel();
    await this.#running;
  }

  /** Runs the check once. Never rejects: a check that cannot run is in the state unknown. */
  run(): Promise<void> {
    this.#running = this.#running.then(() => this.#run());
    return this.#running;
  }

  async #run(): Promise<void> {
    if (this.#stopped) return;
    const result = await this.#check();
    if (this.#stopped) return;
    this.#runs += 1;
    if (this.#options.policy.report === 'changes' && result.state === this.#state) return;
    const draft = checkMessage(this.#options.policy, result, this.#state);
    try {
      await this.#options.buffer.append({ drafts: [draft], state: { [this.#key]: result.state } });
      this.#state = result.state;
      this.#messages += 1;
      this.#setProblem(null);
    } catch (error) {
      // The state stays what it was, so that the next run reports the change.
      this.#setProblem(textOf(error));
    }
  }

  #setProblem(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem(this.#options.policy.name, problem);
  }

  async #check(): Promise<CheckResult> {
    const { policy, runtime } = this.#options;
    const [file, ...args] = policy.command;
    try {
      const environment = policy.environment ? { environment: policy.environment } : {};
      const call = { file, args, timeoutMs: policy.timeout, outputBytesMax, ...environment };
      return readPlugin(await runtime.commands.run(call), policy.timeout);
    } catch (error) {
      return { state: 'unknown', text: `cannot be run: ${textOf(error)}`, details: '', performance: {} };
    }
  }
}

/** One key a check: its messages are recognisable as the history of one thing. */
export function checkMessage(
  policy: CommandPolicy,
  result: CheckResult,
  before: CheckState | null,
): MessageDraft {
  const performance = Object.entries(result.performance).map(
    ([label, value]) => [`performance.${label}`, value] as const,
  );
  return fitDraft({
    severity: policy.severities[result.state],
    text: result.text,
    application: policy.application,
    object: policy.object ?? policy.name,
    group: policy.group,
    key: `check:${policy.name}`,
    attributes: {
      state: result.state,
      ...(before === null ? {} : { stateBefore: before }),
      ...(result.details === '' ? {} : { details: result.details }),
      ...Object.fromEntries(performance),
    },
    source: policy.name,
  });
}
