import { textOf, WatchError } from '../../model/errors.ts';
import type { FileStatus, OpenFile } from '../../runtime/files.ts';
import type { Timer } from '../../runtime/clock.ts';
import { every } from '../../runtime/timing.ts';
import type { MessageDraft } from '../../model/message.ts';
import { evaluateLine, type CompiledLogPolicy } from './evaluate-line.ts';
import {
  headBytesMax,
  parseLogState,
  positionAt,
  sameFile,
  stillHolds,
  type LogPosition,
  type LogState,
} from './log-position.ts';
import { limitRate, remainderIsDue, remainderMessage, type RateState } from './rate-limit.ts';
import { findFile, successorOf } from './rotated-files.ts';
import type { Source, SourceOptions, SourceStatus } from './source.ts';
import { splitLines, type Split } from './split-lines.ts';

export interface LogFileOptions extends SourceOptions {
  readonly compiled: CompiledLogPolicy;
}

interface Open {
  readonly file: OpenFile;
  position: LogPosition;
  /** Of the last look, to do nothing when nothing changed. */
  seen: { readonly sizeBytes: number; readonly modifiedMs: number } | null;
  grewAtMs: number;
}

const readBytesMin = 16_384;
/** A position that moved without making messages is written this often; reading those lines again does no harm. */
const saveEveryMs = 5_000;
/** Programs go on writing to a renamed file for a moment; it is left when it has been quiet for this long. */
const rotatedQuietMs = 1_000;
const noState: LogState = { position: null, suppressed: 0, cutLines: 0, truncations: 0 };

/**
 * Follows one log file. What is in memory of the position is what stands in the buffer, or an older place of the same
 * reading: a line's message and the position behind the line are written in one transaction, so that no line
 * is lost or doubled by a kill. When the buffer takes nothing, reading stops where it is.
 */
export class LogFileSource implements Source {
  readonly #options: LogFileOptions;
  readonly #key: string;
  readonly #timer: Timer;
  /** Null until the policy has run once. */
  #state: LogState | null;
  #saved: string | null;
  #savedAtMs = 0;
  #rate: RateState;
  #open: Open | null = null;
  #problem: string | null = null;
  #polling: Promise<void> = Promise.resolve();
  #stopped = false;
  #lines = 0;
  #messages = 0;

  constructor(options: LogFileOptions) {
    this.#options = options;
    const { policy } = options.compiled;
    this.#key = `log-file:${policy.name}:${policy.path}`;
    this.#saved = options.buffer.state(this.#key);
    this.#state = parseLogState(this.#saved);
    this.#rate = {
      windowStartMs: Number.NEGATIVE_INFINITY,
      passed: 0,
      suppressed: this.#state?.suppressed ?? 0,
    };
    const { timers, random } = options.runtime;
    this.#timer = every(timers, policy.pollEvery, () => this.poll(), random.int(policy.pollEvery));
  }

  get status(): SourceStatus {
    const { cutLines, truncations, suppressed } = this.#state ?? noState;
    return {
      policy: this.#options.compiled.policy.name,
      kind: 'log-file',
      problem: this.#problem,
      counts: { lines: this.#lines, messages: this.#messages, cutLines, truncations, suppressed },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#timer.cancel();
    await this.#polling;
    await this.#leave();
  }

  /** Looks once at the file and reads all there is. Never rejects: what goes wrong is a problem until it passes. */
  poll(): Promise<void> {
    this.#polling = this.#polling.then(() => this.#poll());
    return this.#polling;
  }

  async #poll(): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#tellRemainder();
      if (!this.#open) await this.#begin();
      while (this.#open && !this.#stopped) {
        await this.#readOn(this.#open);
        if (!(await this.#goOn(this.#open))) break;
      }
      await this.#save(false);
      this.#setProblem(null);
    } catch (error) {
      this.#setProblem(textOf(error));
    }
  }

  #setProblem(problem: string | null): void {
    if (problem === this.#problem || this.#stopped) return;
    this.#problem = problem;
    this.#options.onProblem(this.#options.compiled.policy.name, problem);
  }

  #nowMs(): number {
    return this.#options.runtime.clock.monotonicMs();
  }

  /** Opens the file where it was left, or decides where a new policy begins. */
  async #begin(): Promise<void> {
    const { files } = this.#options.runtime;
    const { path, start } = this.#options.compiled.policy;
    const position = this.#state?.position ?? null;
    const known = position && (await findFile(files, path, position));
    if (position && known) return this.#openAt(known.path, (_, status) => resume(position, status));
    if (!(await files.status(path))) {
      if (!this.#state) await this.#append([], noState);
      return;
    }
    if (position) await this.#tellGone();
    const fromEnd = this.#state === null && start === 'end';
    await this.#openAt(path, (file, status) => (fromEnd ? endOf(file, status) : beginning(file, status)));
  }

  async #openAt(
    path: string,
    place: (file: OpenFile, status: FileStatus) => LogPosition | null | Promise<LogPosition | null>,
  ): Promise<void> {
    const file = await this.#options.runtime.files.open(path);
    try {
      const status = await file.status();
      if (status.kind !== 'file') throw new WatchError('WK_CONFIG', `${path}: is not a regular file`);
      const position = await place(file, status);
      // The name changed hands between looking and opening: the next poll looks again.
      if (!position) return await file.close();
      await this.#append([], { ...(this.#state ?? noState), position });
      this.#open = { file, position, seen: null, grewAtMs: this.#nowMs() };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #readOn(open: Open): Promise<void> {
    const { lineBytesMax } = this.#options.compiled.policy;
    const status = await open.file.status();
    if (status.sizeBytes === open.seen?.sizeBytes && status.modifiedMs === open.seen.modifiedMs) return;
    if (!(await stillHolds(open.file, status, open.position))) await this.#truncated(open, status);
    while (!this.#stopped) {
      const bytes = await open.file.read(open.position.offset, Math.max(readBytesMin, lineBytesMax + 1));
      const split = splitLines(bytes, lineBytesMax, open.position.skipping, false);
      if (split.consumed === 0) break;
      await this.#accept(open, status, split);
      open.grewAtMs = this.#nowMs();
    }
    open.seen = status;
  }

  async #truncated(open: Open, status: FileStatus): Promise<void> {
    open.position = await beginning(open.file, status);
    const state = this.#state ?? noState;
    await this.#append([], { ...state, position: open.position, truncations: state.truncations + 1 });
  }

  /** Makes the messages of some lines and writes them with the position behind the lines. */
  async #accept(open: Open, status: FileStatus, split: Split): Promise<void> {
    const { compiled } = this.#options;
    const drafts = split.lines.flatMap((line) => evaluateLine(compiled, line) ?? []);
    const { state: rate, pass } = limitRate(
      this.#rate,
      drafts.length,
      compiled.policy.perMinuteMax,
      this.#nowMs(),
    );
    const position = await this.#positionAfter(open, status, split);
    const state = this.#state ?? noState;
    const cutLines = state.cutLines + split.lines.filter(({ cut }) => cut).length;
    const next: LogState = { ...state, position, cutLines, suppressed: rate.suppressed };
    if (pass > 0) await this.#append(drafts.slice(0, pass), next);
    else this.#state = next;
    open.position = position;
    this.#rate = rate;
    this.#lines += split.lines.length;
    this.#messages += pass;
  }

  async #positionAfter(open: Open, status: FileStatus, split: Split): Promise<LogPosition> {
    const offset = open.position.offset + split.consumed;
    if (open.position.headBytes === headBytesMax)
      return { ...open.position, offset, skipping: split.skipping };
    return positionAt(open.file, status, offset, split.skipping);
  }

  /** When the name belongs to another file and this one is quiet: to the next file. True when there is more to read. */
  async #goOn(open: Open): Promise<boolean> {
    const { files } = this.#options.runtime;
    const { path, lineBytesMax } = this.#options.compiled.policy;
    const next = await successorOf(files, path, open.position);
    if (!next || this.#nowMs() - open.grewAtMs < rotatedQuietMs) return false;
    // What came since the last look is read first; only then is the last line complete without its line break.
    const { sizeBytes } = await open.file.status();
    if (sizeBytes !== open.seen?.sizeBytes) return true;
    const rest = await open.file.read(open.position.offset, lineBytesMax + 1);
    const split = splitLines(rest, lineBytesMax, open.position.skipping, true);
    if (split.consumed > 0) await this.#accept(open, await open.file.status(), split);
    this.#open = null;
    await open.file.close();
    await this.#openAt(next.path, async (file, status) => {
      const still = await successorOf(files, path, open.position);
      const same = sameFile(status, next.status) && still !== null && sameFile(still.status, status);
      return same ? beginning(file, status) : null;
    });
    return this.#open !== null;
  }

  async #tellRemainder(): Promise<void> {
    const { name, perMinuteMax } = this.#options.compiled.policy;
    if (!remainderIsDue(this.#rate, this.#nowMs())) return;
    const draft = remainderMessage(name, this.#rate.suppressed, perMinuteMax);
    await this.#append([draft], { ...(this.#state ?? noState), suppressed: 0 });
    this.#rate = { ...this.#rate, suppressed: 0 };
  }

  async #tellGone(): Promise<void> {
    const { name, path } = this.#options.compiled.policy;
    const draft: MessageDraft = {
      severity: 'warning',
      text: `${path}: the file that was being read is gone; what it held beyond the last line read is lost`,
      application: 'watchkeeper',
      object: name,
      group: 'agent',
      key: `watchkeeper:gone:${name}`,
      source: 'agent',
    };
    await this.#append([draft], { ...(this.#state ?? noState), position: null });
  }

  /** Only what is on disk becomes the state in memory. */
  async #append(drafts: readonly MessageDraft[], state: LogState): Promise<void> {
    const value = JSON.stringify(state);
    await this.#options.buffer.append({ drafts, state: { [this.#key]: value } });
    this.#state = state;
    this.#saved = value;
    this.#savedAtMs = this.#nowMs();
  }

  async #save(now: boolean): Promise<void> {
    if (!this.#state || (!now && this.#nowMs() - this.#savedAtMs < saveEveryMs)) return;
    if (JSON.stringify(this.#state) !== this.#saved) await this.#append([], this.#state);
  }

  async #leave(): Promise<void> {
    try {
      await this.#save(true);
      await this.#open?.file.close();
    } catch (error) {
      this.#options.runtime.log.warn('a log file could not be left in order', { why: textOf(error) });
    }
    this.#open = null;
  }
}

function resume(position: LogPosition, status: FileStatus): LogPosition | null {
  return sameFile(position, status) ? position : null;
}

function beginning(file: OpenFile, status: FileStatus): Promise<LogPosition> {
  return positionAt(file, status, 0, false);
}

/** A line that is only half written when the policy begins is not reported. */
async function endOf(file: OpenFile, status: FileStatus): Promise<LogPosition> {
  const [last] = status.sizeBytes > 0 ? await file.read(status.sizeBytes - 1, 1) : [10];
  return positionAt(file, status, status.sizeBytes, last !== 10);
}
