import type { Timer } from '../runtime/clock.ts';
import type { StandBy } from '../runtime/commands.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { CallResult } from './address-state.ts';
import { environment, outputBytesMax, resultOf } from './network-commands.ts';
import { callTimeoutMs } from './gate-calls.ts';

type Ports = Pick<Runtime, 'commands' | 'timers'>;

/** A role that is taken asks for a ticket and an opening, one that is let go for a closing. */
const stock = 2;
/** Starting them anew waits until whoever took one has got on, since it costs what they save. */
const refillAfterMs = 250;

/**
 * One program of the system that is started ahead, again and again: each of its processes waits for one input, does it,
 * and ends. What starting it costs is thus paid when nobody waits. Nothing is kept from one input to the next.
 */
export class ReadyProgram {
  readonly #ports: Ports;
  readonly #file: string;
  readonly #args: readonly string[];
  readonly #isDone: ((stdout: string) => boolean) | undefined;
  #waiting: StandBy[] = [];
  #refill: Timer | null = null;
  #stopped = false;

  constructor(ports: Ports, file: string, args: readonly string[], isDone?: (stdout: string) => boolean) {
    this.#ports = ports;
    this.#file = file;
    this.#args = args;
    this.#isDone = isDone;
  }

  /** Starts what is missing, a little later. */
  ready(): void {
    if (this.#stopped) return;
    this.#refill?.cancel();
    this.#refill = this.#ports.timers.after(refillAfterMs, () => {
      this.#waiting = this.#waiting.filter(({ isWaiting }) => isWaiting);
      while (this.#waiting.length < stock) this.#waiting.push(this.#start());
    });
  }

  /** The end of those that wait; whoever has its input is let finish. */
  stop(): void {
    this.#stopped = true;
    this.#refill?.cancel();
    for (const waiting of this.#waiting.splice(0)) waiting.end();
  }

  /** All of `input`, with a time limit. `missing` when the program is not there. */
  run(input: string): Promise<CallResult> {
    return resultOf(() => {
      let program = this.#waiting.shift();
      while (program !== undefined && !program.isWaiting) program = this.#waiting.shift();
      const finished = (program ?? this.#start()).finish(input, callTimeoutMs, this.#isDone);
      this.ready();
      return finished;
    }, callTimeoutMs);
  }

  #start(): StandBy {
    return this.#ports.commands.standBy({
      file: this.#file,
      args: this.#args,
      outputBytesMax,
      environment,
    });
  }
}

/**
 * `nft` that is started ahead. It echoes what the kernel tells of a transaction, which it tells only of one that is
 * carried out; the process ends some ten milliseconds later, when the kernel has freed what was deleted. Where it echoes
 * nothing its end is waited for.
 */
export function readyGate(ports: Ports): ReadyProgram {
  return new ReadyProgram(ports, 'nft', ['--echo', '--file', '-'], (stdout) =>
    /^(add element|# new generation) .*\n/m.test(stdout),
  );
}

/** `ip` that is started ahead. */
export function readyAddress(ports: Ports): ReadyProgram {
  return new ReadyProgram(ports, 'ip', ['-batch', '-']);
}
