import type { Coordination } from '../../coordination/coordination.ts';
import { keys, serverDefinitionSchema, type ServerDefinition } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import {
  changedInterfaces,
  publishedMax,
  publishedUrls,
  type InterfacesAnswer,
  type InterfacesRequest,
} from '../../model/published-addresses.ts';
import type { Log } from '../../runtime/log.ts';
import { serverNamed } from './change-role.ts';
import type { OwnMessages } from '../health/own-messages.ts';
import type { PoolView } from '../views/pool-view.ts';

const attemptsMax = 5;

interface Ports {
  readonly coordination: Coordination;
  readonly pool: PoolView;
  readonly ownMessages: Pick<OwnMessages, 'report'>;
  readonly log: Log;
}

/**
 * Changes which addresses a server publishes; the others and the agents use them from then on. Errors: WK_NOT_FOUND,
 * WK_CONFLICT (nothing or too much would be published), WK_COORDINATOR_AWAY.
 */
export async function changeInterfaces(
  ports: Ports,
  name: string,
  request: InterfacesRequest,
  by: string,
): Promise<InterfacesAnswer> {
  const key = keys.server(serverNamed(ports.pool, name).coreId);
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const item = await ports.coordination.get(key);
    if (item === null) throw new WatchError('WK_NOT_FOUND', `server ${name} was removed from the pool`);
    const server = serverDefinitionSchema.parse(JSON.parse(item.value));
    const changed = { ...server, interfaces: changedInterfaces(server, request) };
    if (changed.interfaces.join() === (server.interfaces ?? []).join()) return answerOf(server);
    assertReachable(changed);
    const { done } = await ports.coordination.transact({
      conditions: [{ key, revision: item.revision }],
      writes: [{ key, value: JSON.stringify(changed) }],
    });
    if (!done) continue;
    const addresses = publishedUrls(changed).join(', ');
    ports.log.info('the addresses of a server were changed by an operator', {
      server: server.name,
      by,
      addresses,
    });
    ports.ownMessages.report({
      severity: 'normal',
      key: `server-interfaces:${server.coreId}:${item.revision}`,
      text: `Server ${server.name} publishes ${addresses} now, as ${by} asked`,
    });
    return answerOf(changed);
  }
  throw new WatchError(
    'WK_CONFLICT',
    `server ${name} is being changed by others at the same time; try again`,
  );
}

function assertReachable(server: ServerDefinition): void {
  const count = publishedUrls(server).length;
  if (count === 0)
    throw new WatchError(
      'WK_CONFLICT',
      `server ${server.name} would publish no address; add another one first`,
    );
  if (count > publishedMax)
    throw new WatchError('WK_CONFLICT', `a server publishes at most ${publishedMax} addresses, not ${count}`);
}

function answerOf(server: ServerDefinition): InterfacesAnswer {
  const { coreId, name, interfaces = [] } = server;
  return { coreId, name, interfaces: [...interfaces], addresses: publishedUrls(server) };
}
