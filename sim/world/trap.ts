import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/** What calls a port's raw material from `src/` while the simulation runs. */
export class Escaped extends Error {
  override readonly name = 'Escaped';
}

type AnyFunction = (this: unknown, ...values: never[]) => unknown;

/** Our own code outside of runtime/node; libraries and the simulator itself may. */
const forbiddenCaller = /\/src\/(?!runtime\/node\/)/;

/** Whether our own code called the function `trapped`. One frame of the stack says so; more would cost more. */
function isForbidden(trapped: AnyFunction): boolean {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  const caught: { stack?: string } = {};
  Error.captureStackTrace(caught, trapped);
  const frame = caught.stack ?? '';
  Error.stackTraceLimit = limit;
  return forbiddenCaller.test(frame) && !frame.includes('/node_modules/');
}

function refuse(name: string): void {
  throw new Escaped(`${name} was called from src/ in the simulation: use the port`);
}

const undo: (() => void)[] = [];

/** Replaces `holder[name]` by a function that throws for our own code and does its work for others. */
function trapFunction(holder: object, name: string, shownAs: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(holder, name);
  const real: unknown = Reflect.get(holder, name);
  if (typeof real !== 'function') return;
  const trapped = function (this: unknown, ...values: never[]): unknown {
    if (isForbidden(trapped)) refuse(shownAs);
    return (real as AnyFunction).apply(this, values);
  };
  // Keeps what hangs on the function, such as hrtime.bigint or the promisified form.
  Object.defineProperties(trapped, Object.getOwnPropertyDescriptors(real));
  Object.defineProperty(holder, name, { value: trapped, configurable: true, writable: true });
  undo.push(() => {
    if (descriptor) Object.defineProperty(holder, name, descriptor);
    else Reflect.deleteProperty(holder, name);
  });
}

function trapDate(): void {
  const RealDate = Date;
  const construct = (target: DateConstructor, values: unknown[], newTarget: AnyFunction): object => {
    if (values.length === 0 && isForbidden(construct)) refuse('new Date()');
    return Reflect.construct(target, values, newTarget) as object;
  };
  globalThis.Date = new Proxy(RealDate, { construct });
  undo.push(() => {
    globalThis.Date = RealDate;
  });
  trapFunction(RealDate, 'now', 'Date.now');
}

function trapGlobals(): void {
  trapDate();
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'fetch'])
    trapFunction(globalThis, name, name);
  trapFunction(Math, 'random', 'Math.random');
  trapFunction(performance, 'now', 'performance.now');
  trapFunction(process, 'hrtime', 'process.hrtime');
  trapFunction(process.hrtime, 'bigint', 'process.hrtime.bigint');
  trapFunction(AbortSignal, 'timeout', 'AbortSignal.timeout');
  for (const name of ['randomUUID', 'getRandomValues'])
    trapFunction(globalThis.crypto, name, `crypto.${name}`);
  for (const name of ['randomBytes', 'randomInt', 'randomUUID', 'randomFillSync'])
    trapFunction(crypto, name, `crypto.${name}`);
  syncBuiltinESMExports();
}

/**
 * Until the returned function is called, our own code cannot reach past its ports, and a rejection that nobody
 * handles goes to `onUnhandled` only. Does not nest.
 */
export function setTraps(onUnhandled: (error: unknown) => void): () => void {
  if (undo.length > 0) throw new Error('traps are set already');
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', onUnhandled);
  trapGlobals();
  return () => {
    for (const step of undo.splice(0).toReversed()) step();
    syncBuiltinESMExports();
    process.removeListener('unhandledRejection', onUnhandled);
    for (const other of others) process.on('unhandledRejection', other);
  };
}
