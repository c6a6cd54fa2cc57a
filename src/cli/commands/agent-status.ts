import type { Command } from '@commander-js/extra-typings';
import type { AgentStatus } from '../../agent/agent-status.ts';
import { AgentClient } from '../../agent/local/agent-client.ts';
import { byteSizeText } from '../../model/byte-size.ts';
import { agentConfigOption, readAgentConfig } from '../machine/agent-config.ts';
import type { Cli } from '../cli.ts';
import { printJson, printPairs, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { localZone, timeText } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  command
    .addOption(agentConfigOption())
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: { readonly config: string; readonly json?: true }): Promise<void> {
  const { files, network, clock } = await cli.runtime();
  const config = await readAgentConfig(cli, files, options.config);
  const client = await AgentClient.connect(network, config.data);
  try {
    const status = await client.status();
    if (options.json) return printJson(cli, status);
    const zone = localZone();
    printPairs(
      cli,
      pairsOf(status, (ms) => timeText(ms, clock.wallMs(), zone)),
    );
    cli.stdout.write('\n');
    printTable(cli, status.sources, sourceColumns, 'no policy is loaded');
    for (const { text } of status.refusedPolicies) cli.stdout.write(`refused: ${safeText(text)}\n`);
  } finally {
    client.close();
  }
}

function pairsOf(status: AgentStatus, when: (ms: number) => string): [string, string][] {
  const { connection, buffer } = status;
  const total = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);
  const { connectedSinceMs, problem } = connection;
  const since = connectedSinceMs === null ? '' : ` since ${when(connectedSinceMs)}`;
  return [
    ['node', `${status.name} (${status.coreId})`],
    ['version', status.version],
    ['started', when(status.startedMs)],
    ['connected to', `${safeText(connection.serverName ?? connection.server ?? 'nowhere')}${since}`],
    ...(problem === null
      ? []
      : [['problem', safeText(`${problem.server}: ${problem.text}`)] satisfies [string, string]]),
    ...(status.primary === null
      ? []
      : [['primary manager', safeText(status.primary)] satisfies [string, string]]),
    ...status.otherPools.map((other): [string, string] => ['also sends to', otherPoolText(other)]),
    ['produced', String(total(buffer.produced))],
    ['delivered', String(total(buffer.delivered))],
    [
      'buffered',
      `${total(buffer.buffered)} (${buffer.bufferedBytes} bytes of ${byteSizeText(buffer.bytesMax)})`,
    ],
    ['dropped', String(total(buffer.dropped))],
    ...(buffer.diskFull ? [['disk', 'full: nothing more can be buffered'] satisfies [string, string]] : []),
  ];
}

function otherPoolText({
  pool,
  phase,
  server,
  buffered,
  problem,
}: AgentStatus['otherPools'][number]): string {
  const where = phase === 'live' ? `connected to ${server ?? ''}` : (problem?.text ?? 'not connected');
  return safeText(`${pool}, ${where}, ${buffered} wait`);
}

const sourceColumns: Column<AgentStatus['sources'][number]>[] = [
  { title: 'POLICY', value: ({ policy }) => safeText(policy) },
  { title: 'KIND', value: ({ kind }) => kind },
  {
    title: 'COUNTS',
    value: ({ counts }) =>
      Object.entries(counts)
        .map(([name, count]) => `${count} ${name}`)
        .join(', '),
  },
  { title: 'PROBLEM', value: ({ problem }) => safeText(problem ?? '-') },
];
