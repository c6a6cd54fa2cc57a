import { WatchError } from '../../src/model/errors.ts';
import type { CommandCall, CommandResult, Commands, StandBy } from '../../src/runtime/commands.ts';
import type { SimProcess } from './process.ts';
import type { Owner } from './scheduler.ts';

/** From being called to the system call, and from there to the caller's knowing. */
const meanMs = { start: 3, work: 1, end: 1 } as const;
/** So often one stands still on its way, for up to so long. */
const stuck = { chance: 0.01, msMax: 20_000 } as const;

/** A run of `nft` or `ip`: a process of its own, which outlives its caller and is frozen with its machine. */
export class ProgramRun implements Owner {
  readonly name: string;
  alive = true;
  frozenUntilMs = 0;

  constructor(name: string) {
    this.name = name;
  }

  get streamsFrozenUntilMs(): number {
    return this.frozenUntilMs;
  }

  crashed(error: unknown): never {
    throw error;
  }
}

/** The programs of the system as far as the keeper calls them; what they do they do to the machine's kernel. */
export function processPrograms(self: SimProcess): Pick<Commands, 'run' | 'standBy'> {
  const random = self.random.fork('programs');
  const carryOut = (call: CommandCall, input: string, startMs: number): Promise<CommandResult> =>
    new Promise((resolve, reject) => {
      const { machine } = self;
      const { scheduler } = machine.world;
      const run = new ProgramRun(`${machine.name}/${call.file}`);
      machine.programs.add(run);
      const beginMs = self.localMs();
      if (random.chance(stuck.chance)) run.frozenUntilMs = beginMs + random.unit() * stuck.msMax;
      const late = (): void => {
        run.alive = false;
        machine.programs.delete(run);
        resolve({ exitCode: null, timedOut: true, stdout: '', stderr: '', cut: false });
      };
      self.pass('program');
      const timeout = scheduler.at(beginMs + call.timeoutMs, 'program killed', late, { owner: self });
      const act = (): void => {
        machine.programs.delete(run);
        const said = machine.kernel.run(call.file, call.args, input);
        const ended = (): void => {
          timeout.cancelled = true;
          if (said === null) reject(new WatchError('WK_NOT_FOUND', `${call.file} is not simulated`));
          else resolve({ ...said, timedOut: false, cut: false });
        };
        scheduler.after(random.around(meanMs.end), 'program ended', ended, { owner: self });
      };
      scheduler.at(beginMs + startMs + random.around(meanMs.work), 'program', act, { owner: run });
    });
  return {
    run: (call) => carryOut(call, '', random.around(meanMs.start)),
    standBy: (call): StandBy => ({
      isWaiting: true,
      finish: (input, timeoutMs) => carryOut({ ...call, timeoutMs }, input, 0),
      end: () => undefined,
    }),
  };
}
