import type { Account } from '../../access/caller.ts';
import type { ConfigNow } from '../../definitions/config-now.ts';
import {
  agentDefaultsOf,
  type AgentProfile,
  type InstallationSettings,
  type ProfileAnswer,
  type ProfileRequest,
} from '../../model/agent-profile.ts';
import { virtualInterfacePrefix } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import { publishedUrls } from '../../model/published-addresses.ts';
import { fingerprintOf } from '../../security/certificate-info.ts';
import { createJoinToken } from '../../security/join-token.ts';
import type { ConfigService } from '../configuration/config-service.ts';
import type { Deployment } from './deployment.ts';
import type { ServerState } from '../server-state.ts';

interface Ports {
  readonly state: ServerState;
  readonly deployment: Deployment;
  readonly config: Pick<ConfigService, 'apply'>;
  readonly now: ConfigNow;
}

/**
 * Everything that an agent needs before it has met its pool: where the pool is, whom to believe, a token, and what it watches
 * by until then; the defaults of the pool are in it. Errors: WK_CONFLICT (a node of that name has joined), WK_BAD_REQUEST (the defaults name nobody),
 * WK_UNAVAILABLE (this server does not follow the coordinator), WK_COORDINATOR_AWAY.
 */
export async function makeProfile(
  { state, deployment, config, now }: Ports,
  { node, validMs }: ProfileRequest,
  by: Account,
): Promise<ProfileAnswer> {
  const { parts, pool } = state;
  const definition = pool.pool();
  if (definition === null || pool.generation() === null)
    throw new WatchError('WK_UNAVAILABLE', 'this server does not follow the coordinator now; try again');
  if (pool.nodes().some(({ name }) => name === node))
    throw new WatchError(
      'WK_CONFLICT',
      `a node ${node} has joined already; remove it first (\`watchkeeper node remove\`), or choose another name`,
    );
  const settings = pool.installation();
  const servers = serversFor(state, settings.managers ?? []);
  await label(now, config, node, settings, by);
  const { policies, text, digest, files } = deployment.assigned.of(node);
  const authority = await state.authorities.signer('server');
  const authorities = [...state.authorities.believed(definition)];
  const { runtime, coordination } = parts;
  const expiresMs = runtime.clock.wallMs() + validMs;
  const token = await createJoinToken(
    { ...runtime, coordination },
    {
      pool: definition.id,
      authorityFingerprint: fingerprintOf(authority.certificatePem),
      for: 'agent',
      name: node,
      validMs,
    },
  );
  const profile: AgentProfile = {
    kind: 'watchkeeper agent profile',
    version: 1,
    node,
    pool: { id: definition.id, name: definition.name },
    servers,
    authorities,
    token,
    expiresMs,
    installation: agentDefaultsOf(settings),
    policies: { generation: Math.max(1, pool.generation() ?? 1), digest, text },
    files: [],
  };
  return { profile, policies: [...policies], files: [...files] };
}

/** The wanted ones first, then all others. */
function serversFor({ pool }: ServerState, managers: readonly string[]): string[] {
  const first = managers.flatMap((name) => {
    const virtual = pool.interfaces().find(({ role }) => role === virtualInterfacePrefix + name);
    if (virtual) return [virtual.url];
    const server = pool.servers().find((one) => one.name === name);
    if (server) return publishedUrls(server);
    throw new WatchError(
      'WK_BAD_REQUEST',
      `setting/installation: managers: there is no virtual interface and no server ${name}`,
    );
  });
  return [...new Set([...first, ...pool.addresses()])].slice(0, 64);
}

/** Only where nothing was said of the node yet: what a person said stays. */
async function label(
  now: ConfigNow,
  config: Ports['config'],
  node: string,
  { labels = {} }: InstallationSettings,
  by: Account,
): Promise<void> {
  if (Object.keys(labels).length === 0 || now.find({ kind: 'node', name: node }) !== null) return;
  const change = { kind: 'node', name: node, revision: 0, content: { labels } } as const;
  await config.apply([change], by, { via: 'agent profile', hold: false });
}
