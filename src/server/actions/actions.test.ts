import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startAgent, type Agent } from '../../agent/agent.ts';
import { agentConfigSchema } from '../../agent/config.ts';
import { noPolicies } from '../../agent/load-policies.ts';
import { actionRequestSchema, type ActionRequestInput, type ActionView } from '../../model/action-api.ts';
import { Rights, type Permission } from '../../model/rights.ts';
import type { RunningServer } from '../start-server.ts';
import { allConnected, type TestNode } from '../test-agent.ts';
import { eventually, TestServers } from '../test-servers.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-actions-'));
});
after(() => rm(folder, { recursive: true }));

const by = (name: string, ...permissions: Permission[]) => ({
  name,
  coreId: null,
  rights: new Rights(permissions),
});
const ann = by('ann', { right: 'act' }, { right: 'configure' });
const audited = { kind: 'user', by: 'ann', coreId: null, from: '127.0.0.1', session: null } as const;

function ask(server: RunningServer, request: ActionRequestInput, who = ann) {
  return server.view.actions.ask(actionRequestSchema.parse(request), who, audited);
}

function find(server: RunningServer, id: string): ActionView | null {
  return server.view.actions.detail(id, 0, null)?.action ?? null;
}

function printed(server: RunningServer, id: string): string {
  return (server.view.actions.detail(id, 0, null)?.output ?? []).map(({ text }) => text).join('');
}

async function run(servers: TestServers, node: TestNode, more: object = {}): Promise<Agent> {
  return startAgent({
    runtime: servers.runtime,
    config: agentConfigSchema.parse({
      name: node.name,
      coreId: node.coreId,
      pool: servers.pool.id,
      servers: servers.running.map((server) => servers.urlOf(server)),
      data: join(folder, node.coreId),
      identity: { certificate: 'c', key: 'k', authorities: 'a' },
      ...more,
    }),
    credentials: await servers.pool.credentials(node.identity),
    policies: noPolicies,
    version: '0',
    onFatal: (error) => assert.fail(error),
  });
}

/** Adds a line to a file each time it runs. */
async function counter(name: string): Promise<{ program: string; count: () => Promise<number> }> {
  const program = join(folder, `${name}.sh`);
  const log = join(folder, `${name}.log`);
  await writeFile(program, `#!/bin/sh\necho "$0 $*" >> ${log}\necho "out: $1"\necho "err" >&2\n`);
  await chmod(program, 0o755);
  const count = async () => {
    const text = await readFile(log, 'utf8').catch(() => '');
    return text.split('\n').length - 1;
  };
  return { program, count };
}

function setTool(server: RunningServer, name: string, source: object): Promise<void> {
  return server.view.actions.setTool(name, { source: { ...source } }, 'ann');
}

async function settled(servers: TestServers, id: string): Promise<ActionView> {
  await eventually('every server knows how it ended', () =>
    servers.running.every((server) => find(server, id)?.final === true),
  );
  const [first] = servers.running;
  assert.ok(first);
  return find(first, id) ?? assert.fail();
}

test('what is asked on one server is done by the agent of the other, and told everywhere', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  await allConnected(servers);
  const node = await servers.enrolNode('web01');
  const { program, count } = await counter('restart');
  await setTool(first, 'restart', {
    command: [program, '${service}', '--', '-x'],
    parameters: { service: { type: 'text' } },
  });
  await using _agent = await run(servers, node, { servers: [servers.urlOf(second)] });
  const value = '--force; $(id) "x" \'y\'\nsecond line';
  const answer = await ask(first, {
    tool: 'restart',
    nodes: ['web01', 'none'],
    parameters: { service: value },
  });
  assert.deepEqual(answer.refused, [{ nodeName: 'none', because: 'there is no node none' }]);
  const [action] = answer.actions;
  assert.ok(action);
  const { state, because, exitCode, from } = await settled(servers, action.id);
  assert.deepEqual([state, because, exitCode, from], ['done', 'exit code 0', 0, 'm1']);
  assert.equal(printed(second, action.id).includes(`out: ${value}\n`), true);
  assert.equal(await count(), 2, 'one run, whose argument has two lines');
});
