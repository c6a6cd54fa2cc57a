import type { Coordination, Transaction } from '../../coordination/coordination.ts';
import type { AuditDraft } from '../../model/audit.ts';
import { invariant } from '../../model/invariant.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { ServerConfig } from '../../server/config.ts';
import { serverPaths } from '../../server/server-paths.ts';
import type { Cli } from '../cli.ts';

/** Whatever a record may hold of one text. */
const textMax = { by: 256, target: 256, detail: 2_048 } as const;

/**
 * The coordinator as a command of this machine gets it: what it is about to write is noted beside the server's data first,
 * fsynced, and the server takes it into the audit trail. Here and not in each command, so that none can leave it out.
 */
export function auditedCoordination(
  coordination: Coordination,
  cli: Cli,
  runtime: Pick<Runtime, 'files' | 'clock' | 'random' | 'commands'>,
  config: Pick<ServerConfig, 'server' | 'data'>,
): Coordination {
  return {
    get: (key) => coordination.get(key),
    list: (prefix) => coordination.list(prefix),
    watch: (prefix, from, onChange) => coordination.watch(prefix, from, onChange),
    close: () => coordination.close(),
    async transact(transaction) {
      const draft = draftOf(cli, runtime, config, transaction);
      if (draft !== null)
        await runtime.files.append(
          serverPaths(config.data).localCommands,
          new TextEncoder().encode(`${JSON.stringify(draft)}\n`),
          { mode: 0o600, sync: true },
        );
      return coordination.transact(transaction);
    },
  };
}

/** Null for what changes nothing. */
function draftOf(
  { command, environment }: Cli,
  { clock, random, commands }: Pick<Runtime, 'clock' | 'random' | 'commands'>,
  { server }: Pick<ServerConfig, 'server'>,
  { writes }: Transaction,
): AuditDraft | null {
  if (writes.length === 0) return null;
  invariant(command !== null, 'a command that writes has a name');
  const user = environment['USER'] ?? environment['LOGNAME'] ?? 'somebody';
  const sudo = environment['SUDO_USER'] === undefined ? '' : ` (sudo by ${environment['SUDO_USER']})`;
  const keys = writes.map(({ key, value }) => (value === null ? `-${key}` : key));
  const [name] = writes.flatMap(({ value }) => nameIn(value));
  // The same number twice is one command: the server was ended while it took it down.
  const number = Buffer.from(random.bytes(8)).toString('hex');
  const detail = `at ${new Date(clock.wallMs()).toISOString()}, number ${number}: ${keys.join(' ')}`;
  return {
    kind: 'server',
    by: `${user}${sudo} at the command line of ${server.name}`.slice(0, textMax.by),
    coreId: server.coreId,
    from: commands.hostName.slice(0, 64),
    action: command.replaceAll(' ', '.'),
    target: (name ?? keys[0] ?? '').slice(0, textMax.target),
    outcome: 'allowed',
    detail: detail.slice(0, textMax.detail),
    session: null,
  };
}

/** What people call the thing; nothing else of a value is looked at, for some are secret. */
function nameIn(value: string | null): string[] {
  if (value === null) return [];
  const parsed: unknown = JSON.parse(value);
  if (typeof parsed !== 'object' || parsed === null) return [];
  for (const field of ['name', 'role'] as const)
    if (field in parsed) {
      const named: unknown = Reflect.get(parsed, field);
      if (typeof named === 'string' && named !== '') return [named];
    }
  return [];
}
