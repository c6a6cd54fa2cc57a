import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Child, StandBy } from '../commands.ts';
import { nodeCommands } from './commands.ts';

const call = { timeoutMs: 5_000, outputBytesMax: 10_000 };
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-commands-'));
});
after(() => rm(folder, { recursive: true }));

test('a command gives its exit code and both outputs', async () => {
  const result = await nodeCommands().run({
    ...call,
    file: '/bin/sh',
    args: ['-c', 'echo out; echo "$GREETING" >&2; exit 3'],
    environment: { GREETING: 'hello' },
  });
  assert.deepEqual(result, { exitCode: 3, timedOut: false, stdout: 'out\n', stderr: 'hello\n', cut: false });
});

test('arguments reach the program as they are, without a shell in between', async () => {
  const result = await nodeCommands().run({ ...call, file: '/bin/echo', args: ['$HOME; `id` *'] });
  assert.equal(result.stdout, '$HOME; `id` *\n');
});

test('output beyond the cap is cut, and the command still ends by itself', async () => {
  const args = ['-c', 'head -c 3000000 /dev/zero | tr "\\0" x; exit 7'];
  const result = await nodeCommands().run({ ...call, file: '/bin/sh', args });
  assert.deepEqual([result.stdout.length, result.cut, result.exitCode], [10_000, true, 7]);
});

test('at the time-out the command and what it started are ended', async () => {
  const commands = nodeCommands();
  const args = ['-c', 'sleep 60 & echo $!; sleep 60'];
  const result = await commands.run({ ...call, timeoutMs: 200, file: '/bin/sh', args });
  assert.deepEqual([result.exitCode, result.timedOut], [null, true]);
  await assertGone(Number(result.stdout));
});

test('something left behind that holds the output does not hold us', async () => {
  const startedMs = performance.now();
  const result = await nodeCommands().run({ ...call, file: '/bin/sh', args: ['-c', 'sleep 2 & echo done'] });
  assert.equal(result.stdout, 'done\n');
  assert.ok(performance.now() - startedMs < 1_500);
});

test('a missing program and one that may not be executed are named', async () => {
  const file = join(folder, 'no-permission');
  await writeFile(file, '#!/bin/sh\n');
  await chmod(file, 0o644);
  const run = (name: string) => nodeCommands().run({ ...call, file: name, args: [] });
  await assert.rejects(run(file), { code: 'WK_DENIED' });
  await assert.rejects(run(join(folder, 'absent')), { code: 'WK_NOT_FOUND' });
});

test('a program that stands by gets its input once, and may be done before it ends', async () => {
  const commands = nodeCommands();
  const cat = commands.standBy({ file: '/bin/cat', args: [], outputBytesMax: 100 });
  assert.equal(cat.isWaiting, true);
  const finished = cat.finish('hello', 5_000);
  assert.equal(cat.isWaiting, false);
  assert.deepEqual(await finished, { exitCode: 0, timedOut: false, stdout: 'hello', stderr: '', cut: false });

  const slow = shell('cat; sleep 60');
  const { exitCode, stdout } = await slow.finish('done\n', 5_000, (text) => text.includes('done'));
  assert.deepEqual([exitCode, stdout], [0, 'done\n']);
  slow.end();

  const { exitCode: refused, stderr } = await shell('cat; echo no >&2; exit 4').finish(
    'x',
    5_000,
    () => false,
  );
  assert.deepEqual([refused, stderr], [4, 'no\n']);
  const late = await shell('cat; sleep 60').finish('x', 200);
  assert.deepEqual([late.exitCode, late.timedOut], [null, true]);
});

test('a program that stands by and is not there, or is killed, is not waiting any more', async () => {
  const absent = nodeCommands().standBy({ file: join(folder, 'absent'), args: [], outputBytesMax: 100 });
  await assert.rejects(absent.finish('', 5_000), { code: 'WK_NOT_FOUND' });
  const cat = shell('cat');
  cat.end();
  while (cat.isWaiting) await new Promise((resolve) => setTimeout(resolve, 5));
});

function shell(script: string): StandBy {
  return nodeCommands().standBy({ file: '/bin/sh', args: ['-c', script], outputBytesMax: 100 });
}

test('a process is ended only if number, start and boot agree', async () => {
  const commands = nodeCommands();
  const child = await startChild(`setInterval(() => 0, 1000);`);
  const { id } = child;
  assert.equal(commands.isRunning(id), true);
  for (const wrong of [
    { ...id, startTicks: id.startTicks + 1 },
    { ...id, bootId: 'another' },
  ]) {
    assert.equal(commands.isRunning(wrong), false);
    assert.equal(commands.end(wrong), false);
  }
  const exit = exitOf(child);
  assert.equal(commands.end(id), true);
  assert.deepEqual(await exit, [null, 'SIGKILL']);
  assert.equal(commands.isRunning(id), false);
  assert.equal(commands.end(id), false);
});

test('parent and child talk; the child hears that its parent is gone', async () => {
  const child = await startChild(`
    import { nodeCommands } from ${JSON.stringify(import.meta.resolve('./commands.ts'))};
    const { parent } = nodeCommands();
    parent.onMessage((message) => parent.send({ echo: message, args: process.argv.slice(2) }));
  `);
  const answer = new Promise((resolve) => child.onMessage(resolve));
  child.send({ hello: 1 });
  assert.deepEqual(await answer, { echo: { hello: 1 }, args: ['x', 'y z'] });
  const exit = exitOf(child);
  child.kill('SIGTERM');
  assert.deepEqual(await exit, [null, 'SIGTERM']);
  child.send('to nobody');
});

test('a child whose parent is killed hears it and can end', async () => {
  const commandsUrl = JSON.stringify(import.meta.resolve('./commands.ts'));
  const grandchild = join(folder, 'grandchild.ts');
  await writeFile(
    grandchild,
    `import { nodeCommands } from ${commandsUrl};
    const { parent, self } = nodeCommands();
    parent.onClose(() => process.exit(0));
    parent.send(self);`,
  );
  const child = await startChild(`
    import { nodeCommands } from ${commandsUrl};
    const commands = nodeCommands({ entry: ${JSON.stringify(grandchild)} });
    commands.startSelf([]).onMessage((self) => commands.parent.send(self));
    commands.parent.onMessage(() => 0);
  `);
  const id = await new Promise<Child['id']>((resolve) =>
    child.onMessage((message) => resolve(message as Child['id'])),
  );
  assert.equal(nodeCommands().isRunning(id), true);
  child.kill('SIGKILL');
  await assertGone(id.pid);
});

test('what a child prints is added to a file when that is asked for', async () => {
  const entry = join(folder, 'prints.ts');
  await writeFile(entry, `console.log('out', process.argv[2]); console.error('err');`);
  const outputPath = join(folder, 'prints.log');
  for (const word of ['one', 'two']) await exitOf(nodeCommands({ entry }).startSelf([word], { outputPath }));
  assert.equal(await readFile(outputPath, 'utf8'), 'out one\nerr\nout two\nerr\n');
  assert.equal((await stat(outputPath)).mode & 0o777, 0o600);
});

test('this process was not started by us and knows itself', () => {
  const commands = nodeCommands();
  assert.equal(commands.self.pid, process.pid);
  assert.equal(commands.isRunning(commands.self), true);
  assert.ok(commands.hostName.length > 0);
  assert.throws(() => commands.startSelf([]), { code: 'WK_NOT_FOUND' });
});

let children = 0;

async function startChild(code: string): Promise<Child> {
  const entry = join(folder, `child-${children++}.ts`);
  await writeFile(entry, code);
  return nodeCommands({ entry }).startSelf(['x', 'y z']);
}

function exitOf(child: Child): Promise<[number | null, string | null]> {
  return new Promise((resolve) => child.onExit((code, signal) => resolve([code, signal])));
}

async function assertGone(pid: number): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const { stdout } = await nodeCommands().run({
      ...call,
      file: '/bin/sh',
      args: ['-c', `grep State: /proc/${pid}/status || echo gone`],
    });
    if (/gone|Z/.test(stdout)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`process ${pid} is still there`);
}
