import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { MemoryStore, openMemory } from '../coordination/memory.ts';
import { codeOf } from '../model/errors.ts';
import { uuidText } from '../model/uuid.ts';
import { manualTime } from '../runtime/manual-time.ts';
import { nodeTimers } from '../runtime/node/clock.ts';
import { nodeRandom } from '../runtime/node/random.ts';
import { createApiToken, listApiTokens, revokeApiToken, verifyApiToken } from './api-token.ts';
import { parseJoinToken, printJoinToken } from './join-token.ts';
import { TokenBuckets } from './token-bucket.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

test('a join token is read as it was printed, and any one changed character is noticed or changes a part', () => {
  fc.assert(
    fc.property(bytes(16), bytes(32), bytes(20), fc.nat(), (pool, fingerprint, secret, at) => {
      const parts = {
        pool: uuidText(pool),
        authorityFingerprint: Buffer.from(fingerprint).toString('hex'),
        secret: Buffer.from(secret).toString('base64url'),
      };
      const text = printJoinToken(parts);
      assert.equal(text.length, 99);
      assert.deepEqual(parseJoinToken(` ${text}\n`), parts);
      const place = at % text.length;
      const changed = text.slice(0, place) + (text[place] === 'A' ? 'B' : 'A') + text.slice(place + 1);
      try {
        assert.notDeepEqual(parseJoinToken(changed), parts);
      } catch (error) {
        assert.equal(codeOf(error), 'WK_BAD_REQUEST');
      }
    }),
  );
});

test('what is no join token is refused with what is wrong and without repeating it', () => {
  const good = printJoinToken({
    pool: uuidText(new Uint8Array(16)),
    authorityFingerprint: '00'.repeat(32),
    secret: 'A'.repeat(27),
  });
  const cases: [string, RegExp][] = [
    ['', /begin with wkt1/],
    ['wkt2.a.b.c', /begin with wkt1/],
    ['wkt1.a.b', /4 parts between dots, it has 3/],
    [good.slice(0, -1), /fourth part is cut short/],
    [`${good}A`, /fourth part/],
    [good.replace('.AAAA', '.AAA'), /second part/],
    [good.replace('.AAAA', '.AA+A'), /second part/],
  ];
  for (const [text, because] of cases)
    assert.throws(
      () => parseJoinToken(text),
      (error) => {
        assert.equal(codeOf(error), 'WK_BAD_REQUEST');
        assert(error instanceof Error);
        assert.match(error.message, because);
        return text.length < 12 || !error.message.includes(text);
      },
    );
});

test('an API token is valid from its creation until it expires or is revoked', async () => {
  const time = manualTime();
  const coordination = openMemory(new MemoryStore(100), nodeTimers);
  const ports = { coordination, clock: time.clock, random: nodeRandom };
  const forever = await createApiToken(ports, { name: 'backup', validMs: null, roles: ['observer'] });
  time.advance(1);
  const brief = await createApiToken(ports, { name: 'script', validMs: 1_000, roles: ['observer'] });
  const verify = async (token: string): Promise<string | undefined> => {
    const { items } = await coordination.list('');
    const mirror = new Map(items.map((item) => [item.key, item.value]));
    assert.ok(![...mirror].flat().some((text) => token === forever && text.includes(token.slice(5))));
    return verifyApiToken(token, (key) => mirror.get(key), time.clock.wallMs())?.name;
  };
  assert.deepEqual([await verify(forever), await verify(brief)], ['backup', 'script']);
  for (const wrong of ['', 'wka1.', forever.slice(0, -1), `${forever}x`, `wka1.${'A'.repeat(43)}`])
    assert.equal(await verify(wrong), undefined);
  await assert.rejects(createApiToken(ports, { name: 'script', validMs: null, roles: ['observer'] }), {
    code: 'WK_CONFLICT',
  });
  time.advance(1_000);
  assert.equal(await verify(brief), undefined);
  const listed = await listApiTokens(coordination);
  assert.deepEqual(
    listed.map((token) => token.name),
    ['backup', 'script'],
  );
  await revokeApiToken(coordination, listed[0]?.id ?? '');
  await revokeApiToken(coordination, 'script');
  assert.equal(await verify(forever), undefined);
  assert.deepEqual(await listApiTokens(coordination), []);
  for (const nobody of ['script', 'a', ''])
    await assert.rejects(revokeApiToken(coordination, nobody), { code: 'WK_NOT_FOUND' });
});

test('a caller that asks too often is told no, others are not, and memory is bounded', () => {
  const time = manualTime();
  const buckets = new TokenBuckets(time.clock, { burst: 2, perMinute: 60, callersMax: 2 });
  assert.deepEqual([buckets.take('a'), buckets.take('a'), buckets.take('a')], [true, true, false]);
  assert.equal(buckets.take('b'), true);
  time.advance(1_000);
  assert.deepEqual([buckets.take('a'), buckets.take('a')], [true, false]);
  buckets.take('c');
  assert.equal(buckets.take('a'), false);
  buckets.take('d');
  buckets.take('e');
  assert.equal(buckets.take('a'), true);
});
