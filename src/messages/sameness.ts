import type { Message } from '../model/message.ts';
import { severityRank } from '../model/severity.ts';
import type { Uuid } from '../model/uuid.ts';
import { RowHash } from './state-hash.ts';

/** The part of a message that says what is the matter. */
export type SaidMessage = Pick<
  Message,
  'id' | 'severity' | 'text' | 'group' | 'application' | 'object' | 'key'
>;

const hash = new RowHash();

/**
 * Messages with the same number say the same: of one node, one severity, one group, application and object, and with one
 * key, or with one text where they have no key. The severity is part of it so that nothing worse ever hides behind
 * something milder. The same on every server, 52 bits: among a million different messages two fall together by chance
 * once in ten thousand pools.
 */
export function samenessOf(node: Uuid, message: SaidMessage): number {
  hash.start().text(node).number(severityRank(message.severity));
  hash.text(message.group).text(message.application).text(message.object);
  hash.number(message.key === undefined ? 0 : 1).text(message.key ?? message.text);
  return hash.end();
}
