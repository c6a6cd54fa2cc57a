import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActionOrder } from '../model/action.ts';
import { readSignedOrder, signOrder } from './order-signature.ts';
import { TestPool } from './test-pool.ts';

const id = '0190a6f4-0000-7000-8000-000000000001';

function orderOf(pool: TestPool, coreId: string): ActionOrder {
  return {
    id,
    request: id,
    pool: pool.id,
    node: '0190a6f4-0000-4000-8000-000000000002',
    nodeName: 'web01',
    tool: 'restart',
    parameters: {},
    command: ['/bin/true'],
    user: null,
    timeoutMs: 1_000,
    outputBytesMax: 0,
    askedMs: 1,
    deadlineMs: 2,
    by: 'ann',
    from: { coreId, name: 'm1' },
    message: null,
    decision: null,
  };
}

test('an order counts as its own server signed it, and in no other way', async () => {
  const [pool, other] = [await TestPool.make(), await TestPool.make()];
  const server = pool.identity('server');
  const credentials = await pool.credentials(server);
  const believed = { authorityPems: credentials.authorityPems, pool: pool.id, nowMs: Date.now() };
  const signed = (order: ActionOrder, { keyPem, certificatePem } = credentials) => {
    const text = JSON.stringify(order);
    return { order: text, signature: signOrder(text, keyPem), certificate: certificatePem };
  };
  const good = signed(orderOf(pool, server.coreId));
  assert.deepEqual(readSignedOrder(good, believed), { order: orderOf(pool, server.coreId) });
  const refused = (one: typeof good, pattern: RegExp, by = believed): void => {
    const read = readSignedOrder(one, by);
    assert.match('refused' in read ? read.refused : 'taken', pattern);
  };
  refused({ ...good, order: good.order.replace('/bin/true', '/bin/rm') }, /not of what it says/);
  const agent = await pool.credentials(pool.identity('agent'));
  refused(signed(orderOf(pool, server.coreId), agent), /no server of this pool/);
  const second = await pool.credentials(pool.identity('server'));
  refused(signed(orderOf(pool, server.coreId), second), /another server than the one that signed/);
  refused({ ...good, certificate: second.certificatePem }, /not of what it says/);
  const stranger = await other.credentials(other.identity('server'));
  refused(signed(orderOf(other, server.coreId), stranger), /no authority that is believed/);
  refused(good, /not in force/, { ...believed, nowMs: Date.now() + 100 * 365 * 86_400_000 });
  refused({ ...good, signature: 'AAAAAAAA' }, /not of what it says/);
  refused({ ...good, certificate: 'nothing' }, /no certificate, signature or order/);
});
