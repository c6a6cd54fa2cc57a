import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Journal } from '../../journal/journal.ts';
import type { ServerDefinition } from '../../model/definitions.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import type { Copies } from './copies.ts';
import { Members } from './members.ts';
import type { OwnMessages } from './own-messages.ts';

const role = 'virtual-interface/main';

function server(number: number): ServerDefinition {
  return {
    coreId: `00000000-0000-4000-8000-00000000000${number}`,
    name: `s${number}`,
    url: `https://s${number}:7300`,
    joinedMs: 0,
  };
}

test('messages of a virtual interface are those of all servers, also of one that is away; a later word replaces one', () => {
  const members = new Members({
    journal: { origin: 'own' } as Journal,
    copies: { memberStored: () => undefined } as unknown as Copies,
    ownMessages: {} as OwnMessages,
    ownName: 's1',
    clock: manualTime().clock,
    stateHash: () => '',
  });
  const tells = (number: number, received?: Record<string, number>): void =>
    members.told(server(number), {}, { type: 'positions', positions: {}, ...(received ? { received } : {}) });
  assert.equal(members.messagesVia(role, 5), 5);
  tells(2, { [role]: 10 });
  tells(3, { [role]: 100, other: 1 });
  assert.equal(members.messagesVia(role, 5), 115);
  tells(2, { [role]: 20 });
  tells(3);
  members.gone(server(3));
  assert.equal(members.messagesVia(role, 5), 125);
  assert.equal(members.messagesVia('other', 0), 1);
});
