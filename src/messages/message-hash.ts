import type { Message } from '../model/message.ts';
import type { Version } from '../model/operation.ts';
import { severityRank } from '../model/severity.ts';
import type { Uuid } from '../model/uuid.ts';
import { RowHash } from './state-hash.ts';

const hash = new RowHash();

/** What all messages of an entry share, hashed once. */
export type HashSeed = ReturnType<RowHash['fork']>;

export function messageSeed(node: Uuid, stamp: Version): HashSeed {
  return hash.start().text('message').text(node).number(stamp.hlc).text(stamp.origin).fork();
}

export function messageHash(seed: HashSeed, message: Message): number {
  hash.start(seed).text(message.id).number(message.createdMs).number(severityRank(message.severity));
  hash.text(message.text).text(message.application).text(message.object).text(message.group);
  hash.text(message.key).text(message.source);
  for (const name in message.attributes) hash.text(name).text(message.attributes[name]);
  return hash.end();
}
