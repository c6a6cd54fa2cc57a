import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readYamlFile } from '../runtime/yaml-file.ts';
import { serverConfigSchema } from '../server/config.ts';
import { startServer, type RunningServer } from '../server/start-server.ts';
import { runFake } from './fake-cli.ts';
import { processRuntime } from './process-runtime.ts';

const entry = fileURLToPath(new URL('../../bin/watchkeeper.js', import.meta.url));
const runtime = processRuntime(entry, 'silent');
const folder = mkdtempSync(join(tmpdir(), 'wk-bad-'));
const at = (name: string): string => join(folder, name);
let server: RunningServer;
let url = '';

/** One server of a real pool runs in this process; the command lines run in processes of their own. */
before(async () => {
  const port = await freePort();
  await inside(`pool create --name north --server m1 --listen 127.0.0.1:${port} --config m1.yaml --data m1`);
  await inside(`pool create --name south --server s1 --listen 127.0.0.1:${port} --config s1.yaml --data s1`);
  const config = await readYamlFile(runtime.files, at('m1.yaml'), serverConfigSchema);
  server = await startServer({ runtime, config, version: '0' });
  ({ url } = config);
});
after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const holder = await occupy(0);
  const address = holder.address();
  await new Promise((resolve) => holder.close(resolve));
  return typeof address === 'object' && address ? address.port : assert.fail();
}

function occupy(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const holder = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1', () =>
      resolve(holder),
    );
  });
}

async function inside(line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runFake(line.split(' '), { runtime, workingDirectory: folder });
  assert.equal(exitCode, 0, stderr);
  return stdout.trim();
}

function start(args: readonly string[], nodeArgs: readonly string[] = []) {
  const child = spawn(process.execPath, [...nodeArgs, entry, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8' },
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (texts.stdout += data));
  child.stderr.on('data', (data) => (texts.stderr += data));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, texts, ended };
}

/** Ends with that code and one line that says so. */
async function failsWith(exitCode: number, text: RegExp, line: string): Promise<void> {
  const { texts, ended, child } = start(line.split(' '));
  child.stdin.end();
  const code = await ended;
  assert.match(texts.stderr, /^watchkeeper: [^\n]+\n$/, line);
  assert.match(texts.stderr, text);
  assert.deepEqual([code, texts.stdout], [exitCode, ''], texts.stderr);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 15_000;
  while (!holds()) {
    assert.ok(performance.now() < end, `not in time: ${what}`);
    await pause(20);
  }
}

/** Every line of the log of a process is one JSON document, or one line of ours; a stack trace is neither. */
function assertLines(stderr: string): void {
  for (const line of stderr.trimEnd().split('\n')) assert.match(line, /^(\{.*\}|watchkeeper: .+)$/);
}

const agentConfig = `name: web1
coreId: 0f9d3bb5-9b1c-4c1c-8f63-0a4f54c7b1a1
pool: 0f9d3bb5-9b1c-4c1c-8f63-0a4f54c7b1a2
servers: [https://127.0.0.1:1]
data: /nowhere
identity: { certificate: c, key: k, authorities: a }
`;

test('a wrong configuration is told with file, line and reason, and ends with 2', async () => {
  const good = readFileSync(at('m1.yaml'), 'utf8');
  const lines = (text: string): number => text.trimEnd().split('\n').length;
  writeFileSync(at('key.yaml'), `${good.trimEnd()}\ncolour: red\n`);
  writeFileSync(at('value.yaml'), good.replace(/^data: .*$/m, 'data: relative'));
  writeFileSync(at('agent-value.yaml'), `${agentConfig}buffer: { bytesMax: 5 bananas }\n`);
  await Promise.all([
    failsWith(
      2,
      new RegExp(`key\\.yaml:${lines(good) + 1}: colour: is not a known key`),
      'server run --config key.yaml',
    ),
    failsWith(2, /value\.yaml:\d+: data: must be an absolute path/, 'server run --config value.yaml'),
    failsWith(2, /none\.yaml: there is no such file/, 'server run --config none.yaml'),
    failsWith(2, /agent-value\.yaml:7: buffer\.bytesMax: /, 'agent run --config agent-value.yaml'),
    failsWith(2, /none\.yaml: there is no such file/, 'agent run --config none.yaml'),
  ]);
});

const serverJoin = (token: string, name: string): string =>
  `server join --token ${token} --server ${url} --name ${name} --listen 127.0.0.1:1 --config ${name}.yaml --data ${name}`;
const agentJoin = (token: string, name: string): string =>
  `agent join --token ${token} --server ${url} --name ${name} --config ${name}.yaml --data ${name}`;

test('a used, expired, foreign or mistyped token is refused by its name and leaves nothing behind', async () => {
  const short = await inside('pool token --for server --config m1.yaml --valid 1s');
  const expired = pause(1_200);
  const used = await inside('pool token --for server --config m1.yaml');
  const joined = start(serverJoin(used, 'm2').split(' '));
  assert.equal(await joined.ended, 0, joined.texts.stderr);
  const foreign = await inside('pool token --for server --config s1.yaml');
  const forAgents = await inside('pool token --config m1.yaml');
  await expired;
  await Promise.all([
    failsWith(4, /used already/, serverJoin(used, 'm3')),
    failsWith(4, /the token was valid until/, serverJoin(short, 'm4')),
    failsWith(4, /does not belong to the pool that made the token/, serverJoin(foreign, 'm5')),
    failsWith(4, /agent/, serverJoin(forAgents, 'm6')),
    failsWith(4, /used already/, agentJoin(used, 'web2')),
    failsWith(2, /token/, agentJoin('wkt1.nonsense', 'web3')),
  ]);
  for (const name of ['m3', 'm4', 'm5', 'm6', 'web2', 'web3'])
    assert.equal(await runtime.files.status(at(`${name}.yaml`)), null, name);
});

test('a port in use: one line, tried again, and the server is up when the port is free', async () => {
  const port = await freePort();
  const holder = await occupy(port);
  const token = await inside('pool token --for server --config m1.yaml');
  await inside(
    `server join --token ${token} --server ${url} --name m7 --listen 127.0.0.1:${port} --config m7.yaml --data m7`,
  );
  const { child, texts, ended } = start(['server', 'run', '--config', 'm7.yaml']);
  try {
    await until('it is said', () => texts.stderr.includes('in use'));
    assert.match(
      texts.stderr,
      new RegExp(`^watchkeeper: [^\\n]*127\\.0\\.0\\.1:${port}[^\\n]*in use[^\\n]*$`, 'm'),
    );
    await new Promise((resolve) => holder.close(resolve));
    await until('it is up', () => texts.stderr.includes('server is up'));
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
  assertLines(texts.stderr);
});

/** For Node: runs a statement in the process once the program has begun, as a bug somewhere in it would. */
const throwing = (statement: string): string =>
  `--import=data:text/javascript,${encodeURIComponent(
    `const timer = setInterval(() => { if (process.listenerCount('uncaughtException') > 0) { clearInterval(timer); ${statement} } }, 300);`,
  )}`;

test('an agent on a folder in use, and one with a bug: one line each, and the exit code for a restart', async () => {
  const token = await inside('pool token --config m1.yaml');
  await inside(agentJoin(token, 'web1'));
  const first = start(['agent', 'run', '--config', 'web1.yaml']);
  try {
    await until('it is connected', () => first.texts.stderr.includes('connected'));
    const second = start(['agent', 'run', '--config', 'web1.yaml']);
    assert.equal(await second.ended, 1);
    assert.match(second.texts.stderr, /watchkeeper: [^\n]*agent\.sock[^\n]*\n$/);
    assertLines(second.texts.stderr);
  } finally {
    // As Ctrl-C does under npm, which passes on what the terminal has sent already.
    for (let times = 0; times < 2; times += 1) first.child.kill('SIGINT');
    assert.equal(await first.ended, 0);
  }
  assertLines(first.texts.stderr);
  const thrown = `throw new Error('first line\\n    at second line')`;
  const rejected = `Promise.reject(new Error('first line\\n    at second line'))`;
  for (const statement of [thrown, rejected]) {
    const buggy = start(['agent', 'run', '--config', 'web1.yaml'], [throwing(statement)]);
    assert.equal(await buggy.ended, 1);
    assertLines(buggy.texts.stderr);
    assert.match(buggy.texts.stderr, /first line; at second line/);
  }
});

test('a bug under a person at the terminal is one line too', async () => {
  const { child, texts, ended } = start(agentJoin('-', 'web9').split(' '), [
    throwing(`throw new Error('first line\\n    at second line')`),
  ]);
  assert.equal(await ended, 1);
  child.stdin.destroy();
  assert.equal(
    texts.stderr,
    'watchkeeper: an internal error: first line; at second line (WK_DEBUG=1 shows more)\n',
  );
});
