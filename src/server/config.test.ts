import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from '../runtime/yaml.ts';
import { timingProfiles } from '../pool/lease/timings.ts';
import { serverConfigText } from './config-text.ts';
import { serverConfigSchema } from './config.ts';

const server = {
  pool: { id: '0190a6f4-0000-4000-8000-00000000000a', name: 'north' },
  server: { coreId: '0190a6f4-0000-4000-8000-00000000000b', name: 'm1' },
  listen: '127.0.0.1:7100',
  url: 'https://127.0.0.1:7100',
  data: '/var/lib/watchkeeper/m1 "quoted": #1',
  coordination: 'sqlite:/var/lib/watchkeeper/coordination.db',
};
const parse = (text: string) => parseYaml(text, serverConfigSchema, 'm1.yaml');

test('the file that is written is the file that is read', () => {
  const config = parse(serverConfigText(server));
  assert.deepEqual(config.pool, server.pool);
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 7_100 });
  assert.equal(config.data, server.data);
  const { pool, server: self, listen, data, coordination } = server;
  const short = JSON.stringify({ pool, server: self, listen, data, coordination });
  assert.deepEqual(parse(short), config, 'what the file spells out is what leaving it out means');
});

test("the pool's own etcd is found with the certificates in the data folder", () => {
  const etcd = { endpoints: ['192.0.2.1:2379'], run: { client: '192.0.2.1:2379', peer: '192.0.2.1:2380' } };
  const managed = { ...server, data: '/d', coordination: 'managed', etcd };
  const config = parse(serverConfigText(managed));
  assert.match(
    config.coordination,
    /^etcds:\/\/192\.0\.2\.1:2379\/watchkeeper\/0190a6f4-.*cert=%2Fd%2Fetcd%2Fcert\.pem/,
  );
  assert.deepEqual(config.etcd, { ...etcd, run: { ...etcd.run, unit: null } });
  assert.throws(
    () => parse(serverConfigText({ ...server, coordination: 'managed' })),
    /coordination: is `managed` exactly/,
  );
});

test('what is wrong is said with its line', () => {
  const text = serverConfigText(server);
  const refuses = (from: string, to: string, reason: RegExp): void =>
    assert.throws(() => parse(text.replace(from, to)), { code: 'WK_CONFIG', message: reason });
  refuses('durability:', 'durabilty:', /^m1\.yaml:25: durabilty: is not a known key/);
  refuses('profile: default', 'ttl: 3', /^m1\.yaml:\d+: lease\.ttl: /);
  refuses('profile: default', 'ttl: 1w', /must be a duration from 500ms to 10m/);
  refuses('size: 4GiB', 'size: lots', /keepForAbsent\.size: must be a size/);
  refuses('"127.0.0.1:7100"', '"7100"', /listen: must be HOST:PORT/);
  refuses('data: "/var', 'data: "var', /data: must be an absolute path/);
});

test('a profile sets the times of the lease that are not set by themselves', () => {
  const of = (lease: string) => parse(serverConfigText(server).replace('profile: default', lease)).lease;
  assert.deepEqual(of('profile: default'), timingProfiles.default);
  assert.deepEqual(of('profile: fast'), timingProfiles.fast);
  assert.deepEqual(of('profile: patient'), timingProfiles.patient);
  assert.deepEqual(of('{ profile: fast, ttl: 2s }'), { ...timingProfiles.fast, ttlMs: 2_000 });
});

test('listening on every address needs a url', () => {
  const { url: _, ...rest } = server;
  const every = { ...rest, listen: '0.0.0.0:7100' };
  assert.throws(() => parse(JSON.stringify(every)), /listen: is every address/);
});
