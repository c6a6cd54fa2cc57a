import type { IdentityKind } from '../model/identity.ts';
import type { LinkMessageType } from './messages.ts';

export type Side = 'dialer' | 'acceptor';
export type Phase = 'greeting' | 'open';
type Direction = 'agent to server' | 'server to agent' | 'server to server';

interface Rule {
  /** Who may say it to whom; every other direction is refused. */
  readonly directions: readonly Direction[];
  readonly by: Side | 'either';
  readonly phases: readonly Phase[];
  /** Bulk waits while much is unsent; urgent never waits behind more than that. Order holds within a lane. */
  readonly lane: 'urgent' | 'bulk';
  readonly body: boolean;
  /** The protocol that it came with, when that is later than the first. */
  readonly since?: number;
}

const both: readonly Direction[] = ['agent to server', 'server to agent', 'server to server'];
const fromDialer: readonly Direction[] = ['agent to server', 'server to server'];
const fromAcceptor: readonly Direction[] = ['server to agent', 'server to server'];
const open = { by: 'either', phases: ['open'], lane: 'urgent', body: false } as const;
const bulk = { ...open, lane: 'bulk', body: true } as const;

/** Every type of message, who may send it, to whom, and when. What stands nowhere here is refused. */
export const linkRules: Readonly<Record<LinkMessageType, Rule>> = {
  hello: { ...open, directions: fromDialer, by: 'dialer', phases: ['greeting'] },
  welcome: { ...open, directions: fromAcceptor, by: 'acceptor', phases: ['greeting'] },
  refused: { ...open, directions: both, phases: ['greeting', 'open'] },
  ping: { ...open, directions: both },
  pong: { ...open, directions: both },
  batch: { ...bulk, directions: ['agent to server'] },
  stored: { ...open, directions: ['server to agent'] },
  again: { ...open, directions: ['server to agent'] },
  goBack: { ...open, directions: ['server to agent'] },
  servers: { ...open, directions: ['server to agent'] },
  entries: { ...bulk, directions: ['server to server'] },
  positions: { ...open, directions: ['server to server'] },
  confirmPlease: { ...open, directions: ['server to server'], since: 2 },
  confirmed: { ...open, directions: ['server to server'], since: 2 },
  trimmed: { ...open, directions: ['server to server'] },
  snapshotPlease: { ...open, directions: ['server to server'] },
  snapshotPart: { ...bulk, directions: ['server to server'] },
};

export interface Sender {
  readonly from: IdentityKind;
  readonly to: IdentityKind;
  readonly by: Side;
  readonly phase: Phase;
  /** The protocol that was agreed on. */
  readonly protocol: number;
}

/** Why a message of this type may not be said here, or null when it may. */
export function whyForbidden(type: LinkMessageType, sender: Sender): string | null {
  const rule = linkRules[type];
  const direction = `${sender.from} to ${sender.to}`;
  if (!rule.directions.some((allowed) => allowed === direction))
    return `${type} may not go from ${direction}`;
  if (rule.by !== 'either' && rule.by !== sender.by) return `${type} may not be said by the ${sender.by}`;
  if ((rule.since ?? 1) > sender.protocol)
    return `${type} came with protocol ${rule.since}, and ${sender.protocol} was agreed on`;
  if (!rule.phases.includes(sender.phase))
    return sender.phase === 'greeting'
      ? `${type} came before the greeting`
      : `${type} came after the greeting`;
  return null;
}
