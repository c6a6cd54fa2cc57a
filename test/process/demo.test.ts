import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { isAlive, program } from '../pool/managed-process.ts';
import { childrenOf } from '../pool/process-table.ts';
import { runWatchkeeper } from '../pool/watchkeeper.ts';
import { root } from '../runner/run-program.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'watchkeeper-demo-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
/** The promise is 20 s on two cores; a machine that runs other tests as well gets twice that. */
const readyMsMax = 40_000;

test('the demo says that it is ready, shows what happens in plain lines, and leaves nothing behind', async () => {
  const child = spawn(process.execPath, [program, 'demo'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  const shown = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line === 'watchkeeper demo ready') ready.resolve();
    if (/message normal node-2: DISK OK|message .* node-2: DISK/.test(line)) shown.resolve();
  });
  const startedMs = performance.now();
  await within(readyMsMax, ready.promise, 'it is ready');
  const readyMs = performance.now() - startedMs;
  await within(60_000, shown.promise, 'a check of the disk arrived');
  assert.match(lines[1] ?? '', /^The console: https:\/\/127\.0\.0\.1:\d+\/#token=[!-~]+$/);
  const pids = childrenOf(child.pid ?? 0).flatMap((pid) => [pid, ...childrenOf(pid)]);
  child.kill('SIGINT');
  await within(20_000, exited, 'it ends');
  console.log(`demo ready after ${(readyMs / 1_000).toFixed(1)} s`);
  assert.equal(pids.length, 9, 'three keepers, three servers, three agents');
  assert.deepEqual(pids.filter(isAlive), [], 'no process is left');
  assert.deepEqual(readdirSync(folder), [], 'no file is left');
  assert.ok(lines.some((line) => / acting: server-\d, epoch \d+, /.test(line)));
  assert.ok(lines.some((line) => /agent node-3: at server-\d/.test(line)));
});

test('the drill loses nothing, in one JSON document', async () => {
  const data = path.join(folder, 'kept');
  const args = ['demo', '--drill', '--json', '--data', data];
  const { exitCode, stdout, stderr } = await runWatchkeeper(args, { timeoutMs: 150_000 });
  assert.equal(exitCode, 0, stderr);
  const report: unknown = JSON.parse(stdout);
  assert.ok(typeof report === 'object' && report !== null);
  const { takeoverSeconds, sent, stored, lost, doubled } = Object.fromEntries(Object.entries(report));
  console.log(`drill: takeover ${String(takeoverSeconds)} s, sent ${String(sent)}`);
  assert.deepEqual({ lost, doubled, stored }, { lost: 0, doubled: 0, stored: sent });
  assert.ok(typeof sent === 'number' && sent > 1_000);
  assert.ok(typeof takeoverSeconds === 'number' && takeoverSeconds < 4);
  assert.ok(existsSync(path.join(data, 'server-1.yaml')), '--data keeps everything');
  const again = await runWatchkeeper(args);
  assert.equal(again.exitCode, 6);
  assert.match(again.stderr, /^watchkeeper: .*kept is not empty; /m);
});

function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}
