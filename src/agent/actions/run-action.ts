import { pieceCharsMax, type ActionOrder, type ActionReport } from '../../model/action.ts';
import { textOf } from '../../model/errors.ts';
import { spanText } from '../../model/duration.ts';
import type { CommandResult } from '../../runtime/commands.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { AgentDepot } from '../depot/agent-depot.ts';
import type { Ending } from './action-store.ts';

type Piece = Pick<ActionReport & { readonly kind: 'output' }, 'stream' | 'text'>;

/** What a program prints is told after so long, later and later, so that one that prints for a day stays readable and small. */
const tellMsMin = 300;
const tellShare = 100;

interface Ports {
  readonly runtime: Pick<Runtime, 'commands' | 'clock' | 'timers'>;
  readonly depot: Pick<AgentDepot, 'prepare'>;
  readonly onOutput: (pieces: readonly Piece[]) => void;
}

/** Runs the program of an order, and tells what it prints while it does. Never rejects: what cannot be started was not done. */
export async function runAction({ runtime, depot, onOutput }: Ports, order: ActionOrder): Promise<Ending> {
  const { clock, timers, commands } = runtime;
  const { timeoutMs, outputBytesMax, user } = order;
  const output = new Output(outputBytesMax);
  const startedMs = clock.monotonicMs();
  const tell = (): void => {
    const pieces = output.take();
    if (pieces.length > 0) onOutput(pieces);
  };
  let timer = timers.after(tellMsMin, tellAgain);
  function tellAgain(): void {
    tell();
    timer = timers.after(Math.max(tellMsMin, (clock.monotonicMs() - startedMs) / tellShare), tellAgain);
  }
  try {
    const [file, ...args] = await commandOf(order, depot);
    const result = await commands.run({
      file,
      args,
      timeoutMs,
      outputBytesMax: 0,
      ...(user === null ? {} : { user }),
      onOutput: (stream, text) => output.add(stream, text),
    });
    return { atMs: clock.wallMs(), ...outcome(result, timeoutMs), cut: output.cut };
  } catch (error) {
    const because = textOf(error).slice(0, 1_024);
    return { atMs: clock.wallMs(), result: 'not done', exitCode: null, because, cut: false };
  } finally {
    timer.cancel();
    tell();
  }
}

/** With the paths of the files that the tool names, which are fetched where they are not here; throws where they cannot be had. */
async function commandOf(
  { command, depot: files = [] }: ActionOrder,
  depot: Ports['depot'],
): Promise<readonly [string, ...string[]]> {
  if (files.length === 0) return command;
  const byName = Object.fromEntries(
    files.map(({ name, sha256, sizeBytes }) => [name, { sha256, sizeBytes }]),
  );
  const names = files.map(({ name }) => `depot:${name}`);
  const paths = await depot.prepare(names, byName);
  const pathAt = new Map(files.map(({ at }, index) => [at, paths[index] ?? '']));
  const [program, ...words] = command;
  return [pathAt.get(0) ?? program, ...words.map((word, index) => pathAt.get(index + 1) ?? word)];
}

function outcome(
  { exitCode, timedOut }: CommandResult,
  timeoutMs: number,
): Pick<Ending, 'result' | 'exitCode' | 'because'> {
  if (timedOut)
    return {
      result: 'failed',
      exitCode,
      because: `it took longer than ${spanText(timeoutMs)} and was killed`,
    };
  if (exitCode === null) return { result: 'failed', exitCode, because: 'a signal ended it' };
  return { result: exitCode === 0 ? 'done' : 'failed', exitCode, because: `exit code ${exitCode}` };
}

/** What was printed and not told yet, in the order in which it came; what is beyond the limit is let go. */
class Output {
  #room: number;
  #pieces: Piece[] = [];
  cut = false;

  constructor(bytesMax: number) {
    this.#room = bytesMax;
  }

  add(stream: Piece['stream'], text: string): void {
    const kept = this.#fitting(text);
    if (kept.length < text.length) this.cut = true;
    const last = this.#pieces.at(-1);
    if (kept === '') return;
    if (last?.stream === stream && last.text.length + kept.length <= pieceCharsMax)
      this.#pieces[this.#pieces.length - 1] = { stream, text: last.text + kept };
    else
      for (let at = 0; at < kept.length; at += pieceCharsMax)
        this.#pieces.push({ stream, text: kept.slice(at, at + pieceCharsMax) });
  }

  take(): Piece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  #fitting(text: string): string {
    const bytes = Buffer.byteLength(text);
    const room = this.#room;
    this.#room = Math.max(0, room - bytes);
    if (bytes <= room) return text;
    // A character that does not fit as a whole is left out.
    const cut = new TextDecoder().decode(Buffer.from(text).subarray(0, room), { stream: true });
    return cut;
  }
}
