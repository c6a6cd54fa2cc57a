import type { policySchema } from '../../model/policy.ts';
import type { Files } from '../../runtime/files.ts';
import type { z } from 'zod';
import type { DemoPool } from './demo-pool.ts';

/** A policy as its file has it: what has a default may be missing. */
export type PolicyDraft = z.input<typeof policySchema>;

const dpkgLog = '/var/log/dpkg.log';
const systemLogs = ['/var/log/syslog', '/var/log/messages'];

/** For each agent what it watches on this machine, for real: the demo's servers, disk and load, packages and the system. */
export async function demoPolicies(
  files: Files,
  pool: DemoPool,
  pluginFolder: string,
): Promise<PolicyDraft[][]> {
  const logs: PolicyDraft[] = [];
  if (await isReadable(files, dpkgLog)) logs.push(packages);
  for (const path of systemLogs)
    if (await isReadable(files, path)) {
      logs.push(systemLog(path));
      break;
    }
  return [
    pool.servers.map(({ name, logPath }) => serverLog(name, logPath)),
    [disk(pluginFolder), load(pluginFolder)],
    logs,
  ];
}

/** The servers' own JSON lines: pino's levels 30 info, 40 warn, 50 error, 60 fatal. */
function serverLog(name: string, path: string): PolicyDraft {
  const line = (level: string): string => `^\\{"level":${level},.*"msg":"(?<text>(?:[^"\\\\]|\\\\.)+)"`;
  const about = { application: 'watchkeeper', object: name, group: 'demo' };
  return {
    kind: 'log-file',
    name: `log-of-${name}`,
    path,
    start: 'beginning',
    perMinuteMax: 120,
    conditions: [
      { match: line('(?:50|60)'), severity: 'major', ...about },
      { match: line('40'), severity: 'warning', ...about },
      { match: line('30'), severity: 'normal', ...about },
    ],
  };
}

const disk = (pluginFolder: string): PolicyDraft => ({
  kind: 'command',
  name: 'disk',
  command: [`${pluginFolder}/check_disk`, '-w', '80', '-c', '95', '/'],
  every: '30s',
  application: 'disk',
  object: '/',
  group: 'demo',
});

const load = (pluginFolder: string): PolicyDraft => ({
  kind: 'command',
  name: 'load',
  command: [`${pluginFolder}/check_load`, '-w', '2', '-c', '4'],
  every: '15s',
  report: 'always',
  application: 'load',
  group: 'demo',
});

const packages: PolicyDraft = {
  kind: 'log-file',
  name: 'packages',
  path: dpkgLog,
  conditions: [
    {
      match: '^\\S+ \\S+ (?<action>install|upgrade|remove|purge) (?<object>\\S+) (?<from>\\S+) (?<to>\\S+)',
      severity: 'normal',
      text: '${action} ${object} ${to}',
      application: 'dpkg',
      group: 'packages',
    },
  ],
};

function systemLog(path: string): PolicyDraft {
  const about = { application: 'system', group: 'system' };
  return {
    kind: 'log-file',
    name: 'system-log',
    path,
    perMinuteMax: 60,
    conditions: [
      { match: '\\b(?:panic|out of memory|oom-killer)\\b', ignoreCase: true, severity: 'critical', ...about },
      { match: '\\b(?:error|failed|failure)\\b', ignoreCase: true, severity: 'warning', ...about },
    ],
  };
}

async function isReadable(files: Files, path: string): Promise<boolean> {
  if ((await files.status(path)) === null) return false;
  try {
    await (await files.open(path)).close();
    return true;
  } catch {
    // Another user's file: the demo watches what it may.
    return false;
  }
}
