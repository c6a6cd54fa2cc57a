import { fork, type ChildProcess } from 'node:child_process';
import { outcomeOf, type Outcome, type Task } from './outcome.ts';

export type RunTask = (task: Task) => Promise<Outcome>;

export interface Workers extends Disposable {
  /** One function a worker; each runs one task at a time. */
  readonly lanes: readonly RunTask[];
}

/** With one job everything runs here; with more, in processes of their own, which `serveTasks` answers in. */
export function startWorkers(jobs: number, program: string): Workers {
  if (jobs <= 1) return { lanes: [outcomeOf], [Symbol.dispose]: () => undefined };
  const children = Array.from({ length: jobs }, () =>
    fork(program, ['--worker'], { serialization: 'advanced' }),
  );
  return {
    lanes: children.map((child) => (task) => ask(child, task)),
    [Symbol.dispose]: () => {
      for (const child of children) if (child.connected) child.disconnect();
    },
  };
}

function ask(child: ChildProcess, task: Task): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`the worker ended in ${task.scenario}, seed ${task.seed}`));
    child.once('exit', ended);
    child.once('message', (outcome) => {
      child.off('exit', ended);
      resolve(outcome as Outcome);
    });
    child.send(task);
  });
}

/** In a worker: answers one task after the other until the parent lets go. */
export function serveTasks(): void {
  process.on('message', (task: Task) => {
    void outcomeOf(task).then((outcome) => process.send?.(outcome));
  });
}
