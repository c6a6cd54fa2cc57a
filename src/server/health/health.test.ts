import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Journal } from '../../journal/journal.ts';
import { serverMessageSchema } from '../../pool/grants.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { originNumber } from '../../messages/testing/test-store.ts';
import { HealthWatch } from './health.ts';

test('however long the reason, the keeper understands that this server is not healthy', () => {
  const journal = { positions: () => ({}), trouble: null } as unknown as Journal;
  const health = new HealthWatch({
    ...manualTime(0),
    journal,
    log: silentLog,
    damaged: null,
    memberPositions: () => [],
    listed: () => 2,
  });
  health.damaged('x'.repeat(4_096));
  const alive = { kind: 'alive', origin: originNumber(1), ...health.now(), epochs: {}, positions: '{}' };
  assert.equal(serverMessageSchema.safeParse(alive).success, true);
  assert.equal(health.now().healthy, false);
});
