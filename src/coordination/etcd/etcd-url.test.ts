import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEtcdUrl } from './etcd-url.ts';

test('a URL names the members, the prefix and the files', () => {
  assert.deepEqual(parseEtcdUrl('etcd://127.0.0.1:2379,[::1]:2380/watchkeeper/north'), {
    endpoints: ['http://127.0.0.1:2379', 'http://[::1]:2380'],
    prefix: 'watchkeeper/north',
    files: null,
    roster: null,
  });
  assert.deepEqual(parseEtcdUrl('etcds://a.example:2379/north?ca=/ca.pem&cert=/c.pem&key=/k.pem'), {
    endpoints: ['https://a.example:2379'],
    prefix: 'north',
    files: { ca: '/ca.pem', cert: '/c.pem', key: '/k.pem' },
    roster: null,
  });
  assert.equal(parseEtcdUrl('sqlite:/x.db'), null);
});

test('a URL that is not complete is refused with what it lacks', () => {
  for (const [url, words] of [
    ['etcd://a:2379', /prefix/],
    ['etcd://a:2379/', /prefix/],
    ['etcd://a:2379/a b', /prefix/],
    ['etcd://a:2379/x/', /prefix/],
    ['etcd:///north', /HOST:PORT/],
    ['etcd://me:secret@a:2379/north', /HOST:PORT/],
    ['etcd://a:2379,b/north', /HOST:PORT/],
    ['etcd://a:2379/north?ca=/ca.pem', /only etcds/],
    ['etcds://a:2379/north', /ca=\/PATH/],
    ['etcds://a:2379/north?ca=/a&cert=/b&key=c', /key=\/PATH/],
    ['etcds://a:2379/north?user=x', /no parameter user/],
    ['etcds://a:2379/north?ca=/a&cert=/b&key=/c&members=d', /members=\/PATH/],
  ] as const)
    assert.throws(
      () => parseEtcdUrl(url),
      (error) => error instanceof Error && words.test(error.message),
      url,
    );
});
