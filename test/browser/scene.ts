import type { MessageDraft } from '../../src/model/message.ts';
import { severities, type Severity } from '../../src/model/severity.ts';
import { poolStatus } from '../pool/answers.ts';
import { until, type RealPool } from '../pool/real-pool.ts';
import { report } from './reporter.ts';

const said: readonly (readonly [Severity, string, string, string, string])[] = [
  ['critical', 'storage', 'multipath', 'vol-07', 'Path group 2 of vol-07 is down; 1 of 4 paths left'],
  ['major', 'database', 'postgres', 'orders', 'Replication of orders is 214 s behind its primary'],
  ['minor', 'backup', 'restic', 'nightly', 'Nightly backup took 3 h 12 min, longer than its window of 3 h'],
  ['warning', 'disk', 'filesystem', '/var', '/var is 81 % full; at this rate it is full in 9 days'],
  ['normal', 'job', 'cron', 'rotate', 'rotate finished in 4 s'],
  ['warning', 'network', 'bond0', 'eth1', 'eth1 of bond0 lost its carrier for 2 s'],
  ['major', 'web', 'nginx', 'shop', 'shop answered 5xx 312 times within a minute'],
  ['normal', 'web', 'nginx', 'shop', 'shop answers again: no 5xx for 5 minutes'],
  ['minor', 'security', 'sshd', 'login', '14 failed logins of backup from 192.0.2.44 within 5 minutes'],
  ['critical', 'power', 'ups', 'rack-3', 'UPS of rack 3 runs on battery; 11 minutes left'],
  ['unknown', 'web', 'probe', 'checkout', 'The probe of checkout gave no answer within 30 s'],
  ['warning', 'database', 'postgres', 'orders', '2 queries of orders have run for longer than 10 minutes'],
  ['normal', 'backup', 'restic', 'weekly', 'Weekly backup finished: 412 GB in 6 h 2 min'],
  ['warning', 'certificate', 'tls', 'shop', 'The certificate of shop.example ends in 13 days'],
];

/** What an ordinary night looks like: a pool whose interface moved once, and messages of every kind, some of them handled. */
export async function scene(pool: RealPool, rounds = 4): Promise<{ openId: string }> {
  const [first, second, third] = pool.agents;
  if (first === undefined || second === undefined || third === undefined)
    throw new Error('three agents are needed');
  const drafts = Array.from({ length: rounds }, (_, round) =>
    said.map(([severity, group, application, object, text]): MessageDraft => ({
      severity,
      group,
      application,
      object,
      text: round === 0 ? text : `${text} (${round + 1})`,
      key: `${application}:${object}`,
      attributes: { site: 'north', rack: String(round + 1) },
    })),
  );
  const ids: string[] = [];
  for (const [index, batch] of drafts.entries())
    ids.push(...(await report([first, second, third][index % 3] ?? first, batch)));
  const all = ids.length;
  await until('all are stored', async () => (await poolStatus(pool.virtual)).messages.total >= all, 20_000);
  const openId = ids[said.findIndex(([severity]) => severity === severities.at(-1))] ?? '';
  const message = (kind: string, ...args: string[]): Promise<string> =>
    pool.command('message', kind, ...args, '--server', pool.virtualUrl, '--identity', pool.identity);
  await message('own', openId);
  await message('annotate', openId, '--text', 'Called the storage team; they replace the switch at 03:30');
  await message('acknowledge', ...ids.filter((_, index) => index % 5 === 4));
  const servers = pool.servers.flatMap(({ url }) => ['--server', url]);
  for (const server of ['server-2', 'server-1'])
    await pool.command(
      'role',
      'move',
      'virtual-interface/main',
      server,
      ...servers,
      '--identity',
      pool.identity,
    );
  return { openId };
}
