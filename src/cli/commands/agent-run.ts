import { Option, type Command } from '@commander-js/extra-typings';
import type { WatchError } from '../../model/errors.ts';
import { agentStore, readAgentCredentials } from '../../security/identity-store.ts';
import { checkPrivate } from '../../security/private-files.ts';
import { agentConfigOption, readAgentConfig } from '../machine/agent-config.ts';
import type { Cli } from '../cli.ts';
import { readPending } from '../machine/join-by-profile.ts';
import { resolvePath } from '../resolve-path.ts';
import { ServiceManager } from '../machine/service-manager.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Runs until it is told to stop (SIGTERM, Ctrl-C) and logs to standard error, one JSON document a line.
`,
    )
    .addOption(agentConfigOption())
    .addOption(new Option('--log-level <LEVEL>', 'what to log').choices(levels).default('info' as const))
    .action((options) => run(cli, options));
}

async function run(
  cli: Cli,
  options: { readonly config: string; readonly logLevel: (typeof levels)[number] },
): Promise<void> {
  const { startAgent } = await import('../../agent/agent.ts');
  const { loadPolicies, noPolicies } = await import('../../agent/load-policies.ts');
  const runtime = await cli.runtime(options.logLevel);
  const config = await readAgentConfig(cli, runtime.files, options.config);
  const { certificate, key, authorities } = config.identity;
  const warnings = await checkPrivate(runtime.files, {
    config: resolvePath(cli, options.config),
    data: config.data,
    further: [key],
    open: [certificate, authorities],
    policies: config.policies,
  });
  const credentials =
    (await readPending(runtime.files, config.data, config.identity)) ??
    (await readAgentCredentials(runtime.files, config.identity));
  const policies =
    config.policies === undefined ? noPolicies : await loadPolicies(runtime.files, config.policies);
  const signal = cli.stopSignal();
  const ended = Promise.withResolvers<void>();
  const log = runtime.log.with({ process: 'agent', node: config.name });
  await using _agent = await startAgent({
    runtime: { ...runtime, log },
    config,
    credentials,
    identity: agentStore(runtime.files, config.identity),
    policies,
    version: cli.version,
    system: cli.system,
    onFatal: (error: WatchError) => ended.reject(error),
  });
  using service = new ServiceManager(cli, { ...runtime, log });
  service.ready();
  for (const warning of warnings) log.warn(warning);
  for (const { path, text } of policies.refused) log.warn('a policy was refused', { path, text });
  signal.addEventListener('abort', () => ended.resolve(), { once: true });
  if (!signal.aborted) await ended.promise;
}
