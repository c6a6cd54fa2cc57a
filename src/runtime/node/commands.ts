import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { WatchError, textOf } from '../../model/errors.ts';
import type { Child, Commands, DetachedCall, Parent, ProcessId, StartOptions } from '../commands.ts';
import { endProcess, isRunning, processIdOf, selfId } from './processes.ts';
import { runCommand } from './run-command.ts';
import { standBy } from './stand-by.ts';

export interface NodeCommandsOptions {
  /** The file that `node FILE ARGS…` starts this program with; needed for `startSelf` only. */
  readonly entry?: string;
  /** Options for `node` itself, before the entry. */
  readonly nodeArgs?: readonly string[];
}

export function nodeCommands(options: NodeCommandsOptions = {}): Commands {
  return {
    run: runCommand,
    standBy,
    startSelf: (args, start) => startSelf(options, args, start),
    startDetached,
    parent: nodeParent(),
    self: selfId(),
    hostName: hostname(),
    credentialsFolder: process.env['CREDENTIALS_DIRECTORY'] ?? null,
    end: endProcess,
    isRunning,
  };
}

function startSelf(
  { entry, nodeArgs = [] }: NodeCommandsOptions,
  args: readonly string[],
  { outputPath }: StartOptions = {},
): Child {
  if (entry === undefined)
    throw new WatchError('WK_NOT_FOUND', 'this program was not told with which file it was started');
  const output = outputPath === undefined ? 'inherit' : openSync(outputPath, 'a', 0o600);
  const [file, before] = withoutCapabilities();
  const child = spawn(file, [...before, ...nodeArgs, entry, ...args], {
    stdio: ['ignore', output, output, 'ipc'],
    serialization: 'json',
  });
  if (typeof output === 'number') closeSync(output);
  // Without a listener a failed start would end us too; that it failed shows in the missing process ID.
  child.on('error', () => undefined);
  const id = child.pid === undefined ? null : processIdOf(child.pid);
  if (id === null)
    throw new WatchError('WK_NOT_FOUND', `${process.execPath} could not be started with ${entry}`);
  return {
    id,
    send: (message) => {
      if (child.connected) child.send(message as object, ignoreClosedPipe);
    },
    onMessage: (handler) => void child.on('message', handler),
    onExit: (handler) => void child.on('exit', handler),
    kill: (signal) => void child.kill(signal),
  };
}

/** In a session of its own, so that neither a terminal nor our end takes it along. */
function startDetached({ file, args, environment, outputPath }: DetachedCall): ProcessId {
  const output = openSync(outputPath, 'a', 0o600);
  try {
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...process.env, ...environment },
    });
    // Without a listener a failed start would end us too; that it failed shows in the missing process ID.
    child.on('error', () => undefined);
    child.unref();
    const id = child.pid === undefined ? null : processIdOf(child.pid);
    if (id === null) throw new WatchError('WK_NOT_FOUND', `${file} could not be started`);
    return id;
  } finally {
    closeSync(output);
  }
}

/**
 * This Node, and what stands before its own arguments. Ambient capabilities, which systemd gives a service that is not
 * root, would go to every process that it starts; what we start has no use for them. `setpriv` becomes that Node, so
 * process ID and pipe stay.
 */
function withoutCapabilities(): [file: string, args: readonly string[]] {
  const ambient = /^CapAmb:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (ambient === undefined || BigInt(`0x${ambient}`) === 0n) return [process.execPath, []];
  return ['setpriv', ['--ambient-caps', '-all', '--inh-caps', '-all', process.execPath]];
}

let parent: Parent | null | undefined;

/** The pipe to the process that started us, which Node opens by itself; one for the whole process. */
function nodeParent(): Parent | null {
  if (parent !== undefined) return parent;
  if (process.send === undefined) return (parent = null);
  return (parent = {
    send: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, ignoreClosedPipe);
    },
    onMessage: (handler) => void process.on('message', handler),
    onClose: (handler) => {
      if (process.connected) process.once('disconnect', handler);
      else setImmediate(handler);
    },
  });
}

/** That the other end is gone is told by `onExit` and `onClose`; a message on its way then has nobody to reach. */
function ignoreClosedPipe(error: Error | null): void {
  if (error !== null && !/EPIPE|ECONNRESET|CHANNEL_CLOSED/.test(`${codeOfNode(error)} ${textOf(error)}`))
    throw error;
}

function codeOfNode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
