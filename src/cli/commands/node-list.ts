import type { Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { nodeViewSchema, type NodeView } from '../../model/api.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { printJson, printTable, stdoutStyle } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';
import { ageText } from '../terminal/times.ts';
import type { Column } from '../terminal/table.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command).action((options) => run(cli, options));
}

async function run(cli: Cli, options: ClientOptions & PrintOptions): Promise<void> {
  const client = await openClient(cli, options);
  const document = await client.ask({ path: '/api/v1/nodes' }, z.object({ nodes: z.array(nodeViewSchema) }));
  if (options.json) return printJson(cli, document);
  const nowMs = (await cli.runtime()).clock.wallMs();
  const style = stdoutStyle(cli, options);
  const age = (ms: number | null): string => (ms === null ? '-' : ageText(ms, nowMs));
  const columns: Column<NodeView>[] = [
    { title: 'NODE', value: ({ name }) => safeText(name) },
    { title: 'CONNECTED TO', value: ({ connectedTo }) => connectedTo ?? style.paint('yellow', 'nowhere') },
    { title: 'THROUGH', value: ({ via }) => safeText(via ?? '-') },
    { title: 'SINCE', align: 'right', value: ({ sinceMs }) => age(sinceMs) },
    { title: 'LAST HEARD', align: 'right', value: ({ lastHeardMs }) => age(lastHeardMs) },
    { title: 'LAST MESSAGE', align: 'right', value: ({ lastMessageMs }) => age(lastMessageMs) },
    { title: 'VERSION', value: ({ version }) => safeText(version ?? '-') },
    { title: 'ADDRESS', value: ({ address }) => safeText(address ?? '-') },
  ];
  const byName = document.nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  printTable(cli, byName, columns, 'no node is enrolled yet; see `watchkeeper agent join --help`');
}
