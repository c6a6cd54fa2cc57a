import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { LocalConnection } from '../../network.ts';
import { connectLocal, listenLocal } from './local.ts';

const folder = mkdtempSync(join(tmpdir(), 'wk-local-'));
after(() => rmSync(folder, { recursive: true }));

/** Answers each line with the same line. */
function echo(connection: LocalConnection): void {
  connection.onLine((line) => connection.sendLine(line));
}

function lineOf(connection: LocalConnection): Promise<string> {
  return new Promise((resolve) => connection.onLine(resolve));
}

test('lines go both ways, and only the owner may open the socket', async () => {
  const path = join(folder, 'a.sock');
  const mask = process.umask();
  const listener = await listenLocal(path, 1_000, echo);
  assert.equal(process.umask(), mask);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const connection = await connectLocal(path);
  connection.sendLine('grüße\tdort');
  assert.equal(await lineOf(connection), 'grüße\tdort');
  const closed = new Promise<void>((resolve) => connection.onClose(resolve));
  await listener.close();
  await closed;
  let again = false;
  connection.onClose(() => (again = true));
  assert.ok(again);
  connection.sendLine('to nobody');
  assert.ok(!existsSync(path));
});

test('a socket that a killed process left is replaced; one that answers is not', async () => {
  const path = join(folder, 'b.sock');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await assert.rejects(listenLocal(path, 1_000, echo), { code: 'WK_PORT_IN_USE', message: /b\.sock/ });
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(existsSync(path));
  await assert.rejects(connectLocal(path), { code: 'WK_UNREACHABLE' });
  const listener = await listenLocal(path, 1_000, echo);
  await assert.rejects(listenLocal(path, 1_000, echo), { code: 'WK_PORT_IN_USE' });
  await listener.close();
});

test('a line that is too long, or never ends, closes that connection and is not handed on', async () => {
  const path = join(folder, 'c.sock');
  const lines: string[] = [];
  const listener = await listenLocal(path, 100, (connection) =>
    connection.onLine((line) => lines.push(line)),
  );
  for (const bytes of [`ok\n${'x'.repeat(101)}\nnot this\n`, 'y'.repeat(5_000)]) {
    const socket = connect({ path });
    socket.on('error', () => undefined);
    socket.write(bytes);
    socket.resume();
    await new Promise((resolve) => socket.on('close', resolve));
  }
  const connection = await connectLocal(path);
  connection.sendLine('still here');
  connection.close();
  await new Promise<void>((resolve) => connection.onClose(resolve));
  assert.deepEqual(lines, ['still here']);
  await listener.close();
});

test('places where no socket can be are said in words', async () => {
  await assert.rejects(listenLocal(join(folder, 'no', 'd.sock'), 10, echo), { message: /d\.sock/ });
  await assert.rejects(listenLocal(join(folder, 'x'.repeat(200)), 10, echo), { message: /xxx/ });
  const file = join(folder, 'file');
  writeFileSync(file, 'precious');
  await assert.rejects(listenLocal(file, 10, echo), { message: /file/ });
  assert.ok(existsSync(file));
  chmodSync(file, 0o600);
  await assert.rejects(connectLocal(join(folder, 'nobody.sock')), {
    code: 'WK_UNREACHABLE',
    message: /is the agent running/,
  });
});
