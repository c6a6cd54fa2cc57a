import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { serverUrl, withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { pingServer } from '../asking/ping-server.ts';
import { printJson, stdoutStyle } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { findTarget } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(
    command.addHelpText(
      'before',
      `Examples:
  watchkeeper ping https://wk1:7100

Says ok, with versions and times; or tls error, and which side lacks trust in which authority; or unreachable.
`,
    ),
  )
    .argument('<URL>', 'a server or virtual interface')
    .action((url, options) => run(cli, url, options));
}

async function run(cli: Cli, given: string, options: ClientOptions & PrintOptions): Promise<void> {
  const runtime = await cli.runtime();
  const url = serverUrl(given);
  const target = await findTarget(cli, { ...options, server: [url] }, runtime.files);
  const result = await pingServer(runtime, url, target);
  if (result.outcome !== 'ok') cli.exitCode = result.outcome === 'unreachable' ? 5 : 4;
  if (options.json) return printJson(cli, { url, ...result });
  const colour = result.outcome === 'ok' ? 'green' : 'red';
  const text = result.outcome === 'ok' ? okText(result) : safeText(result.text);
  cli.stdout.write(`${url}: ${stdoutStyle(cli, options).paint(colour, result.outcome)}: ${text}\n`);
}

function okText(result: Extract<Awaited<ReturnType<typeof pingServer>>, { outcome: 'ok' }>): string {
  const { server, version, connectMs, answerMs } = result;
  const who = server === null ? 'a server' : `${safeText(server)}, version ${safeText(version ?? '?')}`;
  return `${who}; first answer with the TLS handshake ${connectMs} ms, an answer as you ${answerMs} ms`;
}
