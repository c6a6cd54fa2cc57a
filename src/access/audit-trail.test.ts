import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { testFolder, openTestStore, coreId, type TestStore } from '../messages/testing/test-store.ts';
import type { AuditDraft } from '../model/audit.ts';
import { manualTime } from '../runtime/manual-time.ts';
import { silentLog } from '../runtime/node/log.ts';
import { nodeClock } from '../runtime/node/clock.ts';
import { AuditTrail } from './audit-trail.ts';
import { verifyAudit } from './verify-audit.ts';

const folder = testFolder();
after(() => folder.remove());

const draft: AuditDraft = {
  kind: 'user',
  by: 'ann',
  coreId: coreId(7),
  from: '192.0.2.7',
  action: 'role.move',
  target: 'acting',
  outcome: 'allowed',
  detail: '',
  session: null,
};

function trailOf({ journal, messages }: TestStore, clock = nodeClock): AuditTrail {
  return new AuditTrail({
    journal,
    clock,
    log: silentLog,
    lastHash: messages.audit.lastOf(coreId(1))?.hash ?? null,
  });
}

function verify({ messages }: TestStore) {
  return verifyAudit(
    messages.audit.pages(async () => undefined),
    (origin) => origin,
  );
}

async function twoRuns(name: string): Promise<TestStore> {
  const path = join(folder.path, name);
  const first = openTestStore(path);
  const trail = trailOf(first);
  await Promise.all(Array.from({ length: 30 }, (_, at) => trail.record({ ...draft, target: `role ${at}` })));
  first.close();
  const second = openTestStore(path);
  const next = trailOf(second);
  for (let at = 0; at < 5; at++) await next.record({ ...draft, target: `later ${at}` });
  return second;
}

test('records are numbered and chained, also over a restart, and found again by what they say', async () => {
  const store = await twoRuns('whole.db');
  const chains = await verify(store);
  const told = chains.map(({ records, last, broken }) => `${records} ${last} ${broken?.because ?? 'whole'}`);
  assert.deepEqual(told.toSorted(), ['30 30 whole', '5 5 whole']);
  const { audit } = store.messages;
  const page = audit.list({ limit: 10, action: 'role' });
  assert.equal(page.length, 11);
  assert.match(page[0]?.text ?? '', /later 4/);
  assert.equal(audit.list({ limit: 10, action: 'ro' }).length, 0);
  assert.equal(audit.list({ limit: 10, by: 'bob' }).length, 0);
  store.close();
});

test('pages go on where the last one ended', async () => {
  const store = await twoRuns('pages.db');
  const seen = new Set<string>();
  let cursor: string | undefined;
  do {
    const rows = store.messages.audit.list({ limit: 4, ...(cursor !== undefined && { cursor }) });
    for (const { origin, number } of rows.slice(0, 4)) seen.add(`${origin} ${number}`);
    const last = rows.length > 4 ? rows[3] : undefined;
    cursor = last && `${last.hlc}-${last.origin}-${last.number}`;
  } while (cursor !== undefined);
  assert.equal(seen.size, 35);
  store.close();
});

const tampering: readonly [what: string, sql: string, number: number, because: RegExp][] = [
  ['one removed', 'DELETE FROM audit WHERE number = 12', 12, /removed/],
  ['the first one removed', "DELETE FROM audit WHERE number = 1 AND text LIKE '%role 0\"%'", 1, /removed/],
  [
    'one edited',
    "UPDATE audit SET text = replace(text, 'role 11', 'role 99') WHERE number = 12",
    12,
    /altered/,
  ],
  [
    'one edited with its hash',
    "UPDATE audit SET text = replace(text, 'role 11', 'role 99'), hash = 'x' WHERE number = 12",
    12,
    /altered/,
  ],
  [
    'the end of the earlier run cut off',
    "DELETE FROM audit WHERE text LIKE '%role 2%' AND number > 28",
    1,
    /missing/,
  ],
  ['the earlier run gone', "DELETE FROM audit WHERE text LIKE '%\"role %'", 1, /missing/],
  [
    'one written in between',
    "UPDATE audit SET number = number + 1 WHERE number >= 29 AND text LIKE '%\"role %'",
    29,
    /removed/,
  ],
];

for (const [what, sql, number, because] of tampering)
  test(`verify finds ${what}, and where`, async () => {
    const store = await twoRuns(`${what}.db`);
    // From the end on, since each row's number must stay its own.
    store.database.exec(sql.includes('number + 1') ? sql.replace('>= 29', '= 30') : sql);
    if (sql.includes('number + 1')) store.database.exec(sql.replace('>= 29', '= 29'));
    const broken = (await verify(store)).flatMap((chain) => chain.broken ?? []);
    assert.equal(broken[0]?.number, number, JSON.stringify(broken));
    assert.match(broken[0]?.because ?? '', because);
    store.close();
  });

test('an edit whose hash was made anew is found by the record after it', async () => {
  const store = await twoRuns('rehashed.db');
  const { hash } = await import('node:crypto');
  const row = store.messages.audit.list({ limit: 100 }).find(({ text }) => text.includes('role 11'));
  assert.ok(row);
  const text = row.text.replace('role 11', 'role 99');
  store.database
    .prepare('UPDATE audit SET text = ?, hash = ? WHERE origin = ? AND number = ?')
    .run(text, hash('sha256', text), row.origin, row.number);
  const broken = (await verify(store)).flatMap((chain) => chain.broken ?? []);
  assert.deepEqual(broken, [{ number: 12, because: 'it was altered or replaced' }]);
  store.close();
});

test('a record that cannot be stored is none, and what it would have told of must not happen', async () => {
  const store = openTestStore(join(folder.path, 'full.db'));
  const trail = trailOf(store);
  await trail.record(draft);
  const pages = Number(store.database.prepare('PRAGMA page_count').get()?.page_count);
  store.database.exec(`PRAGMA max_page_count = ${pages}`);
  const noise = (at: number): string =>
    Array.from({ length: 200 }, (_, i) => (at * 7_919 + i * 104_729).toString(36)).join('');
  const many = await Promise.allSettled(
    Array.from({ length: 250 }, (_, at) => trail.record({ ...draft, detail: noise(at) })),
  );
  assert.ok(many.some(({ status }) => status === 'rejected'));
  store.database.exec('PRAGMA max_page_count = 1000000');
  await trail.record(draft);
  const [chain] = await verify(store);
  assert.equal(chain?.broken, null);
  const stored = many.filter(({ status }) => status === 'fulfilled').length;
  assert.equal(chain?.records, stored + 2);
  store.close();
});

test('strangers cannot fill the disk with refusals; how many were left out is said', async () => {
  const store = openTestStore(join(folder.path, 'denied.db'));
  const time = manualTime();
  const trail = trailOf(store, time.clock);
  for (let at = 0; at < 5_000; at++) trail.denied({ ...draft, kind: 'nobody', by: '' });
  for (let at = 0; at < 5_000; at++)
    trail.denied({ ...draft, kind: 'nobody', by: '', from: `10.${at % 250}.${at >> 8}.1` });
  await trail.record(draft);
  const written = store.messages.audit.list({ limit: 1_000, outcome: 'denied' });
  assert.equal(written.length, 200);
  time.advance(120_000);
  trail.denied({ ...draft, kind: 'nobody', by: '' });
  await trail.record(draft);
  const [last] = store.messages.audit.list({ limit: 1, outcome: 'denied' });
  assert.match(last?.text ?? '', /\d{4} refusals before this one were not written down/);
  store.close();
});
