import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kernel } from './kernel.ts';
import { SeededRandom } from './random.ts';

const address = '192.0.2.1';
const guard = `add table inet watchkeeper
add set inet watchkeeper guarded4 { type ipv4_addr; }
add set inet watchkeeper open4 { type ipv4_addr; flags timeout; }
add table arp watchkeeper
add set arp watchkeeper guarded4 { type ipv4_addr; }
add set arp watchkeeper open4 { type ipv4_addr; flags timeout; }
add element inet watchkeeper guarded4 { ${address} }
add element arp watchkeeper guarded4 { ${address} }
`;

function setUp() {
  let nowMs = 0;
  const kernel = new Kernel(() => nowMs, new SeededRandom('kernel'));
  const nft = (script: string) => kernel.run('nft', [script], '')?.exitCode;
  const put = (lifetimeS: number) =>
    kernel.run('ip', ['address', 'replace', `${address}/32`, 'dev', 'eth0', 'valid_lft', `${lifetimeS}`], '')
      ?.exitCode;
  return { kernel, nft, put, at: (ms: number) => (nowMs = ms) };
}

test('an address answers while it lives and no gate is shut', () => {
  const { kernel, put, at } = setUp();
  assert.deepEqual([put(2), kernel.answers(address)], [0, true]);
  at(1_999);
  assert.equal(kernel.answers(address), true);
  at(2_000 + 100 + 1_000);
  assert.deepEqual([kernel.has(address), kernel.answers(address)], [false, false]);
});

test('behind its gate it answers only while one of the families lets it through', () => {
  const { kernel, nft, put, at } = setUp();
  assert.deepEqual([nft(guard), put(60), kernel.answers(address)], [0, 0, false]);
  assert.equal(nft(`add element inet watchkeeper open4 { ${address} timeout 500ms }`), 0);
  assert.equal(kernel.answers(address), true);
  at(499);
  assert.equal(kernel.answers(address), true);
  at(521);
  assert.equal(kernel.answers(address), false);
});

test('a script is carried out as a whole or not at all; deleting what has gone fails', () => {
  const { kernel, nft, put, at } = setUp();
  nft(guard);
  put(60);
  nft(`add element inet watchkeeper open4 { ${address} timeout 100ms }`);
  at(200);
  const renewal = `delete element inet watchkeeper open4 { ${address} }\nadd element inet watchkeeper open4 { ${address} timeout 100ms }\n`;
  assert.deepEqual([nft(renewal), kernel.answers(address)], [1, false]);
  assert.deepEqual([nft('flush set netdev watchkeeper open4\n'), nft(renewal)], [1, 1]);
});

test('what is not there cannot be removed, and a loss of power leaves nothing', () => {
  const { kernel, nft, put } = setUp();
  const remove = () => kernel.run('ip', ['-batch', '-'], `address delete ${address}/32 dev eth0\n`)?.exitCode;
  assert.equal(remove(), 2);
  nft(guard);
  put(60);
  assert.equal(remove(), 0);
  put(60);
  kernel.losePower();
  assert.deepEqual([kernel.has(address), nft(`flush set inet watchkeeper open4\n`)], [false, 1]);
});
