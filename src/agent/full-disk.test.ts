import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { logFilePolicySchema } from '../model/policy.ts';
import { nodeCommands } from '../runtime/node/commands.ts';
import { silentLog } from '../runtime/node/log.ts';
import { nodeNetwork } from '../runtime/node/network.ts';
import { TestDisk } from '../runtime/node/test-disk.ts';
import { TestPool } from '../security/test-pool.ts';
import { startAgent } from './agent.ts';
import { agentConfigSchema } from './config.ts';
import { TestManager } from './testing/test-manager.ts';
import { temporaryFolder, testAgentRuntime } from './testing/test-agent-runtime.ts';

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < end, `not in time: ${what}`);
    await pause(10);
  }
}

test('while the disk is full a source reads no further, says why, and goes on by itself without loss', async () => {
  const pool = await TestPool.make();
  const disk = new TestDisk();
  await using manager = await TestManager.open(pool);
  await using folder = temporaryFolder();
  const log = `${folder.path}/app.log`;
  writeFileSync(log, '');
  const identity = pool.identity('agent');
  const config = agentConfigSchema.parse({
    name: 'web7',
    coreId: identity.coreId,
    pool: pool.id,
    servers: [manager.url],
    data: folder.path,
    identity: { certificate: 'c', key: 'k', authorities: 'a' },
  });
  const policy = logFilePolicySchema.parse({
    kind: 'log-file',
    name: 'app',
    path: log,
    start: 'beginning',
    pollEvery: '50ms',
    perMinuteMax: 10_000,
    conditions: [{ match: '.', severity: 'minor' }],
  });
  await using agent = await startAgent({
    runtime: {
      ...testAgentRuntime,
      databases: disk,
      network: nodeNetwork(silentLog),
      commands: nodeCommands({ entry: 'unused' }),
    },
    config,
    credentials: await pool.credentials(identity),
    policies: { policies: [policy], refused: [] },
    version: '0',
    onFatal: (error) => assert.fail(error),
  });
  const lines = (name: string, length: number): string[] =>
    Array.from({ length }, (_, index) => `${name} ${index} ${'x'.repeat(500)}`);
  const arrived = (): string[] =>
    manager.stored.filter(({ severity }) => severity === 'minor').map(({ text }) => text);
  const early = lines('early', 50);
  appendFileSync(log, `${early.join('\n')}\n`);
  await until('the early lines arrived', () => arrived().length === early.length);

  // What is delivered would make room.
  manager.answer = { kind: 'again', code: 'WK_OVERLOADED', afterMs: 100 };
  disk.fill(`${folder.path}/buffer.db`);
  const late = lines('late', 600);
  appendFileSync(log, `${late.join('\n')}\n`);
  const source = () => agent.status.sources[0];
  await until('the source says why', () => /disk is full/.test(source()?.problem ?? ''));
  assert.equal(agent.status.buffer.diskFull, true);
  const { lines: read } = source()?.counts ?? {};
  await pause(300);
  assert.ok(read !== undefined && read < early.length + late.length);
  assert.equal(source()?.counts.lines, read);
  assert.ok(arrived().length < early.length + late.length);

  manager.answer = { kind: 'stored', copies: 2 };
  disk.free(`${folder.path}/buffer.db`);
  await until('the late lines arrived', () => arrived().length >= early.length + late.length);
  assert.deepEqual(arrived(), [...early, ...late]);
  await until('the source works again', () => source()?.problem === null);
  assert.equal(agent.status.buffer.diskFull, false);
  await until('it says so', () => manager.stored.some(({ text }) => text === 'policy app works again'));
});
