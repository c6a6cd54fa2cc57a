import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentText, etcdEnvironment } from './etcd-environment.ts';
import { etcdFiles, managedMembers, managedUrl, parseManagedMembers } from './etcd-files.ts';

const member = {
  poolId: '00000000-0000-4000-8000-00000000000f',
  name: 'm1-01020304',
  begin: { state: 'new' as const, cluster: 'm1-01020304=https://192.0.2.1:2380', token: 't' },
  client: '192.0.2.1:2379',
  peer: '192.0.2.1:2380',
  files: etcdFiles('/data'),
};

test('whoever has no certificate for etcd itself is let in neither as a client nor as a peer', () => {
  const environment = etcdEnvironment(member);
  for (const kind of ['CLIENT', 'PEER']) {
    assert.equal(environment[`ETCD_${kind}_CERT_ALLOWED_HOSTNAME`], `etcd.${member.poolId}`);
    assert.equal(
      environment[kind === 'CLIENT' ? 'ETCD_CLIENT_CERT_AUTH' : 'ETCD_PEER_CLIENT_CERT_AUTH'],
      'true',
    );
  }
  for (const [name, value] of Object.entries(environment))
    if (name.endsWith('_URLS')) assert.match(value, /^https:/);
});

test('old revisions are compacted, and the file is one of NAME=VALUE lines', () => {
  const text = environmentText(etcdEnvironment(member));
  assert.match(text, /^ETCD_AUTO_COMPACTION_RETENTION=1h$/m);
  assert.match(text, /^ETCD_QUOTA_BACKEND_BYTES=\d+$/m);
  for (const line of text.trim().split('\n').slice(1)) assert.match(line, /^ETCD_[A-Z_]+=\S+$/);
});

test('a newcomer is told the members and makes the URL of its own files', () => {
  const told = managedMembers(['a:1', 'b:2']);
  assert.deepEqual(parseManagedMembers(told), ['a:1', 'b:2']);
  assert.equal(parseManagedMembers('etcd://a:1/x'), null);
  assert.equal(
    managedUrl(['a:1', 'b:2'], 'p', '/d'),
    'etcds://a:1,b:2/watchkeeper/p?ca=%2Fd%2Fetcd%2Fca.pem&cert=%2Fd%2Fetcd%2Fcert.pem&key=%2Fd%2Fetcd%2Fkey.pem&members=%2Fd%2Fetcd%2Fmembers.json',
  );
});
