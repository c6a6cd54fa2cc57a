#!/usr/bin/env node
/**
 * Starts the program. Plain JavaScript that Node 20 understands, since it may be the machine's own Node that runs
 * it; the program itself needs the Node that the project brings along.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, openSync } from 'node:fs';
import module from 'node:module';
import { constants as os } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

const majorMin = 26;
const entry = fileURLToPath(import.meta.url);
const root = dirname(dirname(entry));

if (Number(process.versions.node.split('.')[0]) >= majorMin) await start();
else startWithOwnNode();

async function start() {
  // The agent and the keeper live long and do little at a time: a small space for young objects saves them 8 MB.
  if (/^(agent|server) run( |$)/.test(process.argv.slice(2).join(' ')))
    v8.setFlagsFromString('--semi-space-growth-factor=1');
  // In our own folder: in the shared temporary folder another user could lay code there for us to run.
  module.enableCompileCache(join(root, 'node_modules', '.cache', 'watchkeeper'));
  // Timers of the program keep no process alive; while it has something to do, this one does.
  const alive = setInterval(() => undefined, 3_600_000);
  // A process that is killed writes no cache at its end; stripping types anew costs the next one half a second and
  // 30 MB.
  const flush = setTimeout(() => module.flushCompileCache(), 5_000).unref();
  const { runProgram } = await import('../src/cli/run-program.ts');
  await runProgram(entry);
  clearTimeout(flush);
  clearInterval(alive);
}

function startWithOwnNode() {
  const node = ownNode();
  if (node === undefined) {
    console.error(
      `watchkeeper: Node ${majorMin} or later is needed, this is ${process.versions.node}, and none is installed in ${root}; run npm install there`,
    );
    process.exit(1);
  }
  const child = spawn(node, [...process.execArgv, entry, ...process.argv.slice(2)], { stdio: 'inherit' });
  forwardSignals(child);
  child.on('error', (error) => {
    console.error(`watchkeeper: ${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + os.signals[signal]));
}

function ownNode() {
  const folder = join(root, 'node_modules');
  const places = [
    join(folder, '.bin', 'node'),
    join(folder, `node-${process.platform}-${process.arch}`, 'bin', 'node'),
    // Installed as a package, beside the packages it needs.
    join(dirname(root), `node-${process.platform}-${process.arch}`, 'bin', 'node'),
  ];
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function forwardSignals(child) {
  const atTerminal = hasTerminal();
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT']) {
    // Keys pressed at a terminal reach every process in front of it, the child too.
    const isKey = signal === 'SIGINT' || signal === 'SIGQUIT';
    process.on(signal, () => {
      if (!(isKey && atTerminal)) child.kill(signal);
    });
  }
}

function hasTerminal() {
  try {
    openSync('/dev/tty', 'r');
    return true;
  } catch {
    return false;
  }
}
