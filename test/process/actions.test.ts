import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { auditPageSchema } from '../../src/model/audit.ts';
import { nodesOf } from '../pool/answers.ts';
import { signal } from '../pool/managed-process.ts';
import { RealPool, until, type RealServer } from '../pool/real-pool.ts';
import { runWatchkeeper, type CliResult } from '../pool/watchkeeper.ts';

/** Written here and not taken from src/model, so that a change that scripts outside would notice is noticed here as well. */
const actionSchema = z.object({
  id: z.string(),
  state: z.string(),
  because: z.string(),
  from: z.string(),
  startedMs: z.number().nullable(),
});
const pageSchema = z.object({ actions: z.array(actionSchema) });
const detailSchema = z.object({ output: z.array(z.object({ text: z.string() })) });

const lines = [1, 2, 3, 4].map((number) => `line ${number}`);
let pool: RealPool;
let ranLog = '';

before(async () => {
  pool = await RealPool.start({ servers: 3, agents: 1, restart: false });
  ranLog = path.join(pool.folder, 'ran.log');
  const program = path.join(pool.folder, 'slow.sh');
  const steps = lines.map((line) => `echo "${line}"; sleep 1`).join('; ');
  writeFileSync(program, `#!/bin/sh\necho begin >> ${ranLog}\n${steps}\necho "$1"\necho end >> ${ranLog}\n`);
  chmodSync(program, 0o755);
  const file = path.join(pool.folder, 'slow.yaml');
  writeFileSync(file, `command: [${program}, "\${word}"]\nparameters: { word: { type: text } }\n`);
  await good('tool', 'set', file);
});
after(() => pool[Symbol.asyncDispose]());

/** As an operator types it; the servers are asked in that order. */
function command(servers: readonly RealServer[], ...args: readonly string[]): Promise<CliResult> {
  const urls = servers.flatMap(({ url }) => ['--server', url]);
  const environment = { XDG_CONFIG_HOME: pool.folder };
  return runWatchkeeper([...args, ...urls, '--identity', pool.identity], { environment, timeoutMs: 60_000 });
}

async function good(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await command(pool.servers, ...args);
  assert.equal(exitCode, 0, stderr);
}

async function actionOn({ api }: RealServer): Promise<z.infer<typeof actionSchema> | undefined> {
  return pageSchema.parse(await api.get('/api/v1/actions')).actions[0];
}

async function printedOn({ api }: RealServer, id: string): Promise<string> {
  const { output } = detailSchema.parse(await api.get(`/api/v1/actions/${id}`));
  return output.map(({ text }) => text).join('');
}

test('the server that was asked and brought it dies in the middle: done once, watched to its end, told by all', async () => {
  const connectedTo = (await nodesOf(pool.virtual))[0]?.connectedTo;
  const asked = pool.servers.find(({ name }) => name === connectedTo) ?? assert.fail('nobody has the agent');
  const others = pool.servers.filter((server) => server !== asked);
  const [other] = others;
  assert.ok(other);
  const word = '--force "$HOME" `id`; second';
  const run = ['tool', 'run', 'slow', '--node', 'node-1', '--parameter', `word=${word}`, '--follow'];
  const watched = command([asked, ...others], ...run);
  await until(
    'another server knows that it runs',
    async () => (await actionOn(other))?.state === 'running',
    20_000,
  );
  for (const pid of asked.process.pids) signal(pid, 'SIGKILL');

  const { exitCode, stdout, stderr } = await watched;
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, `${[...lines, word].join('\n')}\n`);
  assert.equal(readFileSync(ranLog, 'utf8'), 'begin\nend\n');

  asked.process.start();
  for (const server of pool.servers) {
    const isTold = async (): Promise<boolean> => (await actionOn(server))?.state === 'done';
    await until(`${server.name} tells how it ended`, isTold, 20_000);
    const action = (await actionOn(server)) ?? assert.fail();
    assert.deepEqual([action.because, action.from], ['exit code 0', asked.name]);
    const all = `${[...lines, word].join('\n')}\n`;
    await until(
      `${server.name} has all output`,
      async () => (await printedOn(server, action.id)) === all,
      20_000,
    );
  }

  const audit = auditPageSchema.parse(await other.api.get('/api/v1/audit?action=action.run'));
  assert.equal(audit.records.length, 1);
  const [record] = audit.records;
  const { startedMs, id } = (await actionOn(other)) ?? assert.fail();
  assert.ok(record && record.detail.includes(id) && record.atMs <= (startedMs ?? 0));
});
