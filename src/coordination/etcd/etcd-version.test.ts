import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doubtsAbout } from './etcd-version.ts';

test('an etcd with known faults is named, a sound one is not', () => {
  for (const version of ['3.4.42', '3.5.28', '3.6.9', '3.7.0', '4.0.0'])
    assert.equal(doubtsAbout(version), null);
  for (const version of ['3.3.27', '3.4.23', '3.5.27', '3.6.0-rc.1', ''])
    assert.match(doubtsAbout(version) ?? '', new RegExp(`etcd ${version} has known faults`));
});
