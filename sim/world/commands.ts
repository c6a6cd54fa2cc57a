import { WatchError } from '../../src/model/errors.ts';
import type { Child, Commands, Parent, ProcessId } from '../../src/runtime/commands.ts';
import type { SimProcess } from './process.ts';
import { processPrograms } from './programs.ts';

const pipeMs = 0.05;

/** Fake children: `startSelf` runs, as another simulated process of the machine, what its machine says ARGS mean. */
export function processCommands(self: SimProcess, parent: SimProcess | null): Commands {
  const { machine } = self;
  return {
    ...processPrograms(self),
    startSelf: (args) => {
      self.assertAlive();
      return childOf(self, machine.start(args.join(' '), machine.programFor(args), { args, parent: self }));
    },
    startDetached: ({ file }) => {
      throw new WatchError('WK_NOT_FOUND', `${file} is not simulated`);
    },
    parent: parent === null ? null : parentOf(self, parent),
    self: idOf(self),
    hostName: machine.name,
    credentialsFolder: null,
    end: (id) => endProcess(self, id),
    isRunning: (id) => find(self, id) !== undefined,
  };
}

export function idOf(process: SimProcess): ProcessId {
  return { pid: process.pid, startTicks: process.pid, bootId: process.machine.bootId };
}

function find(self: SimProcess, id: ProcessId): SimProcess | undefined {
  self.assertAlive();
  if (id.bootId !== self.machine.bootId) return undefined;
  return self.machine.processes.find((process) => process.pid === id.pid && process.alive);
}

function endProcess(self: SimProcess, id: ProcessId): boolean {
  const found = find(self, id);
  found?.kill();
  self.assertAlive();
  return found !== undefined;
}

/** Sends JSON through a pipe: what it carries is a copy, in order, a moment later. */
function pipe(
  from: SimProcess,
  to: SimProcess,
  deliver: (message: unknown) => void,
): (message: unknown) => void {
  const { scheduler } = from.machine.world;
  return (message) => {
    const text = JSON.stringify(message);
    const stream = `pipe ${from.pid} ${to.pid}`;
    scheduler.at(from.localMs() + pipeMs, 'pipe', () => deliver(JSON.parse(text)), { owner: to, stream });
  };
}

function childOf(self: SimProcess, child: SimProcess): Child {
  let exit: { exitCode: number | null; signal: string | null } | null = null;
  const onExit: ((exitCode: number | null, signal: string | null) => void)[] = [];
  child.onDeath((signal, exitCode) => {
    const tell = (): void => {
      exit = { exitCode, signal };
      for (const handler of onExit.splice(0)) handler(exitCode, signal);
    };
    self.machine.world.scheduler.after(pipeMs, 'child exit', tell, {
      owner: self,
      stream: `pipe ${child.pid} ${self.pid}`,
    });
  });
  return {
    id: idOf(child),
    send: pipe(self, child, (message) => child.fromParent?.(message)),
    onMessage: (handler) => {
      child.toParent = pipe(child, self, handler);
    },
    onExit: (handler) => {
      if (exit) handler(exit.exitCode, exit.signal);
      else onExit.push(handler);
    },
    kill: (signal) => {
      self.assertAlive();
      child.kill(signal);
    },
  };
}

function parentOf(self: SimProcess, parent: SimProcess): Parent {
  return {
    send: (message) => self.toParent?.(message),
    onMessage: (handler) => {
      self.fromParent = handler;
    },
    onClose: (handler) => {
      parent.onDeath(() => {
        self.machine.world.scheduler.after(pipeMs, 'parent gone', handler, {
          owner: self,
          stream: `pipe ${parent.pid} ${self.pid}`,
        });
      });
    },
  };
}
