import { Option } from '@commander-js/extra-typings';
import { dirname, resolve } from 'node:path';
import { agentConfigSchema, type AgentConfig } from '../../agent/config.ts';
import type { Files } from '../../runtime/files.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import type { Cli } from '../cli.ts';
import { resolvePath } from '../resolve-path.ts';

export function agentConfigOption() {
  return new Option('--config <FILE>', "the agent's configuration (WK_AGENT_CONFIG)")
    .env('WK_AGENT_CONFIG')
    .default('/etc/watchkeeper/agent.yaml');
}

/** An agent's configuration, its paths absolute: in the file they count from the file's own folder. */
export async function readAgentConfig(
  cli: Cli,
  files: Pick<Files, 'readText'>,
  named: string,
): Promise<AgentConfig> {
  const path = resolvePath(cli, named);
  const config = await readYamlFile(files, path, agentConfigSchema);
  const absolute = (text: string): string => resolve(dirname(path), text);
  const { certificate, key, authorities } = config.identity;
  return {
    ...config,
    data: absolute(config.data),
    identity: {
      certificate: absolute(certificate),
      key: absolute(key),
      authorities: absolute(authorities),
    },
    ...(config.policies === undefined ? {} : { policies: absolute(config.policies) }),
  };
}
