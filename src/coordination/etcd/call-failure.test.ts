import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Code, ConnectError } from '@connectrpc/connect';
import { explained, failureOf } from './call-failure.ts';

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

test('what TLS says of certificates is told with what to do, and nothing else is', () => {
  const alert =
    '[internal] 4093FCCDDA7F0000:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate';
  assert.match(
    explained(alert),
    /^etcd does not take this machine's certificate.* joins anew .*bad certificate$/,
  );
  assert.match(
    explained('[unavailable] self-signed certificate in certificate chain'),
    /^etcd's certificate is of an authority that this machine does not believe.* joins anew /,
  );
  assert.equal(explained('[unavailable] connect ECONNREFUSED 1:2'), '[unavailable] connect ECONNREFUSED 1:2');
});
