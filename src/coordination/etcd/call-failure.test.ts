import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Code, ConnectError } from '@connectrpc/connect';
import { failureOf } from './call-failure.ts';

function broken(code: string): ConnectError {
  const cause = Object.assign(new Error(code), { code });
  return new ConnectError(code, Code.Unavailable, undefined, undefined, cause);
}

test('only what cannot have been carried out counts as not done', () => {
  assert.equal(failureOf(broken('ECONNREFUSED')), 'not done');
  assert.equal(failureOf(new ConnectError('HTTP 404', Code.Unimplemented)), 'not done');
  assert.equal(failureOf(new ConnectError('etcdserver: no leader', Code.Unavailable)), 'not done');
  for (const error of [
    broken('ECONNRESET'),
    new ConnectError('etcdserver: leader changed', Code.Unavailable),
    new ConnectError('etcdserver: request timed out', Code.Unavailable),
    new ConnectError('late', Code.DeadlineExceeded),
    new Error('anything'),
  ])
    assert.equal(failureOf(error), 'unknown');
  assert.equal(
    failureOf(new ConnectError('etcdserver: permission denied', Code.PermissionDenied)),
    'refused',
  );
});
