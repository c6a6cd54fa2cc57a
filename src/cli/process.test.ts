import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../bin/watchkeeper.js', import.meta.url));
let home = '';
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'wk-home-'));
});
after(() => rm(home, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], node = process.execPath) {
  const child = spawn(node, [entry, ...args], {
    env: { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8' },
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (texts.stdout += data));
  child.stderr.on('data', (data) => (texts.stderr += data));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...texts })));
  return { child, ended };
}

test('the process: data on stdout, errors in one line on stderr, exit codes', async () => {
  const [version, typo, nowhere] = await Promise.all(
    [
      ['version', '--json'],
      ['mesage', 'list'],
      ['message', 'list'],
    ].map((args) => start(args).ended),
  );
  assert.equal(version?.code, 0);
  assert.match(JSON.parse(version?.stdout ?? '').version, /^\d+\.\d+\.\d+$/);
  assert.deepEqual(typo, {
    code: 2,
    stdout: '',
    stderr: "watchkeeper: unknown command 'mesage' (Did you mean message?); see --help\n",
  });
  assert.equal(nowhere?.code, 2);
  assert.match(nowhere?.stderr ?? '', /^watchkeeper: no server is named; [^\n]+\n$/);
});

test('a reader that has seen enough ends us without a word', async () => {
  const { child, ended } = start(['--help']);
  child.stdout.destroy();
  const { code, stderr } = await ended;
  assert.deepEqual([code, stderr], [0, '']);
});

test("an older Node hands over to the project's own, with its exit code", async (t) => {
  const older = '/usr/bin/node';
  if (!existsSync(older)) return t.skip('there is no other Node on this machine');
  const { code, stdout } = await start(['version', '--json'], older).ended;
  assert.equal(code, 0);
  assert.ok(Number.parseInt(JSON.parse(stdout).node, 10) >= 26);
  assert.equal((await start(['nonsense'], older).ended).code, 2);
});

test('completion: a script, and answers to it', async () => {
  const [script, answer] = await Promise.all([
    start(['completion', 'bash']).ended,
    start(['complete', '--', 'message', 'ack']).ended,
  ]);
  assert.match(script.stdout, /^# bash completion for watchkeeper/);
  assert.match(answer.stdout, /^acknowledge\t/m);
});
