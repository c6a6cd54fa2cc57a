import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redactor } from './redact.ts';

const secret = 'Tr0ub4dor-and-3';
const pem = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----';

/** Each holds the secret once, in a place where one may be met. */
const places: readonly string[] = [
  `password: ${secret}`,
  `  db_password: "${secret}"`,
  `PGPASSWORD=${secret} psql`,
  `{"password":"${secret}","name":"ann"}`,
  `{"msg":"it said {\\"password\\":\\"${secret}\\"}"}`,
  `{"apiKey":"${secret}"}`,
  `{"args":["--password","${secret}","-v"]}`,
  `mysql --password ${secret} -u x`,
  `mysql --password=${secret} -u x`,
  `coordination: etcd://root:${secret}@10.0.0.1:2379/wk`,
  `https://wk1:7100/setup#wku1.${secret}`,
  `wkt1.pool.${secret}.x`,
  `wks1.${secret}.signature`,
  `wka1.${secret}`,
  `Authorization: Bearer ${secret}`,
  `{"headers":{"authorization":"Bearer ${secret}"}}`,
  `authorization=Basic ${secret}`,
  `Cookie: a=1; __Host-wk=${secret}; b=2`,
  `{"set-cookie":"__Host-wk=${secret}; Secure"}`,
  `GET /x?token=${secret}&limit=10`,
  `$argon2id$v=19$m=19456,t=2,p=1$${secret}`,
  `JWT eyJhbGciOiJFUzI1NiJ9.${secret}.x`,
];
for (const place of places)
  test(`a secret is taken out of ${place.replace(secret, '…')}`, () => {
    const left = new Redactor([]).text(place);
    assert(!left.includes(secret), left);
    assert.match(left, /\[removed\]/);
  });

test('keys are taken out in whatever form, and what is known wherever it stands', () => {
  const text = `a\n${pem}\nb ${JSON.stringify({ pem })} MIGHAgEAMBMGByqGSM49 hunter22 and hunter2`;
  const left = new Redactor([pem, 'hunter22', 'short']).text(text);
  assert(!left.includes('MIGHAg') && !left.includes('hunter22'), left);
  assert(left.startsWith('a\n') && left.endsWith('hunter2'), left);
});

test('what is no secret stays', () => {
  const text =
    '{"level":"warn","msg":"connection refused: TLS handshake failed","address":"10.0.0.1","name":"web01"}\nlisten: 127.0.0.1:7100\nurl: https://wk1:7100/api/v1/pool\n';
  assert.equal(new Redactor([]).text(text), text);
});

test('text that is long and full of beginnings is done in time', () => {
  const redactor = new Redactor([]);
  for (const piece of [
    'password',
    'token=',
    '-----BEGIN PRIVATE KEY-----',
    '--secret',
    '\\"',
    'a.',
    'bearer ',
  ]) {
    const startedMs = performance.now();
    redactor.text(piece.repeat(Math.ceil(200_000 / piece.length)));
    const tookMs = performance.now() - startedMs;
    assert(tookMs < 2_000, `${piece}: ${tookMs} ms`);
  }
});
