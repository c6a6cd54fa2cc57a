import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CarrierEffect, CarrierEvent, CarrierState } from './address-state.ts';
import { initialCarrier } from './address-state.ts';
import { stepCarrier } from './address-step.ts';
import { AddressWorld, place, role, type AddressMutant, type AddressReport } from './address-world.ts';

const seeds = Array.from({ length: 200 }, (_, i) => i + 1);

/** splitmix32: every bit of it is good, which is enough for worlds this small. */
function random(seed: number): () => number {
  let mix = seed | 0;
  return () => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = Math.imul(mix ^ (mix >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 0x1_0000_0000;
  };
}

function simulate(seed: number, mutant?: AddressMutant): AddressReport {
  return new AddressWorld(random(seed), mutant).run();
}

test('two hundred little worlds: no gate is open beyond its deadline, nor after it was called closed', () => {
  const counts = new Map<string, number>();
  for (const seed of seeds) {
    const report = simulate(seed);
    assert.deepEqual(report.violations, [], `replay with seed ${seed}`);
    for (const [what, count] of report.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  }
  for (const what of 'open, renew, closed, put, remove, keeper stopped, call late, call killed'.split(', '))
    assert.ok(
      (counts.get(what) ?? 0) >= 200,
      `${what} happened too rarely (${counts.get(what)}) to prove anything`,
    );
});

/** Faults that somebody could really make. The judge must find each of them. */
const mutants: readonly AddressMutant[] = [
  { name: 'a gate is opened without a ticket', withoutDelete: 'open' },
  { name: 'a renewal adds without deleting', withoutDelete: 'renew' },
  {
    name: 'all that remains of the belief is asked for',
    gateCall: (call, _state, nowMs) => {
      if (call.kind !== 'renew') return call;
      const timeoutsMs = call.roles.map(({ wanted }) => (wanted?.deadlineMs ?? nowMs) - nowMs);
      return { ...call, timeoutsMs };
    },
  },
  {
    name: 'a call whose outcome is unknown counts as not done',
    after: (state) => {
      for (const [name, carriage] of state.carriages)
        if (carriage.wanted === null && state.gateCall === null && carriage.failures > 0)
          state.carriages.set(name, { ...carriage, gate: 'shut', untilMs: -Infinity, present: false });
    },
  },
  {
    name: 'it is called closed as soon as it is not wanted',
    effects: (effects, event) =>
      event.kind === 'carry' && event.roles.length === 0
        ? [...effects, { kind: 'closed', role }]
        : [...effects],
  },
];

for (const mutant of mutants)
  test(`the judge finds that ${mutant.name}`, () => {
    assert.ok(
      seeds.some((seed) => simulate(seed, mutant).violations.length > 0),
      'no seed found it',
    );
  });

/** One host whose programs do at once what they are told, unless they are held back. */
class Stage {
  state: CarrierState = initialCarrier({ renewEveryMs: 500, ttlMs: 3_000 });
  nowMs = 1_000;
  effects: CarrierEffect[] = [];
  devices = [{ name: 'eth0', addresses: [] as string[] }];
  nft: 'here' | 'missing' | 'forbidden' = 'here';

  do(event: CarrierEvent): void {
    const [state, effects] = stepCarrier(this.state, event, this.nowMs);
    this.state = state;
    for (const effect of effects) {
      this.effects.push(effect);
      if (effect.kind === 'gate') this.#gate(effect.call);
      if (effect.kind !== 'address') continue;
      if (effect.call.kind === 'remove stray') this.devices = [{ name: 'eth0', addresses: [] }];
      this.do({
        kind: 'address answered',
        call: effect.call,
        result: { kind: 'done' },
        devices: this.devices,
      });
    }
  }

  #gate(call: Extract<CarrierEffect, { kind: 'gate' }>['call']): void {
    const results = {
      here: { kind: 'done' },
      missing: { kind: 'missing', why: 'nft is not there' },
      forbidden: { kind: 'refused', why: 'Error: Operation not permitted (you must be root)' },
    } as const;
    this.do({ kind: 'gate answered', call, result: results[this.nft] });
  }

  define(): this {
    this.do({ kind: 'define', places: new Map([[role, place]]) });
    return this;
  }

  carry(deadlineMs: number | null, epoch = 1): this {
    this.do({ kind: 'carry', roles: deadlineMs === null ? [] : [{ role, epoch, deadlineMs }] });
    return this;
  }

  /** What was done since the last look, in its order. */
  done(): string[] {
    return this.effects.splice(0).flatMap((effect) => {
      if (effect.kind === 'gate' || effect.kind === 'address') return [effect.call.kind];
      return effect.kind === 'say' ? [] : [effect.kind];
    });
  }

  because(): string | null | undefined {
    return this.state.told.get(role);
  }
}

test('taken: ticket, gate, address, announcement; let go: gate, address, and only then closed', () => {
  const stage = new Stage().define();
  assert.deepEqual(stage.done(), ['look', 'prepare', 'fit']);
  stage.carry(3_800);
  const taken = stage.done();
  assert.deepEqual(taken.toSorted(), ['announce', 'open', 'put', 'ticket']);
  assert.ok(taken.indexOf('ticket') < taken.indexOf('open'));
  assert.ok(taken.indexOf('open') < taken.indexOf('announce'));
  assert.ok(taken.indexOf('put') < taken.indexOf('announce'));
  stage.nowMs = 1_600;
  stage.carry(4_300);
  assert.deepEqual(stage.done().toSorted(), ['announce', 'put', 'renew']);
  stage.carry(null);
  assert.deepEqual(stage.done(), ['close', 'remove', 'closed']);
});

test('an opening comes before renewals that can wait, and what is defined as before is not looked at', () => {
  const stage = new Stage().define().carry(3_800);
  stage.done();
  stage.define();
  assert.deepEqual(stage.done(), []);
  const second = { ...place, address: '10.0.0.51' };
  const other = `${role}-2`;
  stage.do({
    kind: 'define',
    places: new Map([
      [role, place],
      [other, second],
    ]),
  });
  const carried = (deadlineMs: number) => [role, other].map((each) => ({ role: each, epoch: 1, deadlineMs }));
  stage.done();
  // A ticket while it is only expected, well before it is ours.
  stage.do({ kind: 'expect', roles: [other], deadlineMs: 3_900 });
  assert.deepEqual(stage.done(), ['ticket']);
  stage.nowMs = 1_550;
  stage.do({ kind: 'carry', roles: carried(4_300) });
  const done = stage.done();
  assert.ok(done.indexOf('open') !== -1 && done.indexOf('open') < done.indexOf('renew'), done.join());
});

test('announced at once, after 0.2 s, after 1 s, and then once a minute', () => {
  const stage = new Stage().define().carry(1e9);
  stage.done();
  const at: number[] = [];
  for (; stage.nowMs < 125_000; stage.nowMs += 50) {
    stage.do({ kind: 'tick' });
    if (stage.done().includes('announce')) at.push(stage.nowMs - 1_000);
  }
  assert.deepEqual(at, [200, 1_000, 61_000, 121_000]);
});

test('an address that is found without being held is removed', () => {
  const stage = new Stage();
  stage.devices[0]?.addresses.push('10.0.0.50/24');
  stage.define();
  const found = stage.effects.find(
    (effect) => effect.kind === 'address' && effect.call.kind === 'remove stray',
  );
  assert.ok(found?.kind === 'address' && found.call.kind === 'remove stray');
  assert.deepEqual([found.call.address, found.call.device], ['10.0.0.50/24', 'eth0']);
  assert.ok(stage.effects.some((effect) => effect.kind === 'say' && effect.level === 'warn'));
});

test('why a server cannot carry an address is said in words that say what to do', () => {
  const noDevice = new Stage();
  noDevice.devices = [{ name: 'ens3', addresses: [] }];
  assert.match(
    noDevice.define().because() ?? '',
    /no network interface eth0 here, there are: ens3; .*--interface/,
  );

  const missing = new Stage();
  missing.nft = 'missing';
  assert.match(missing.define().because() ?? '', /nftables is missing; .*6000 ms at least and lasts 3000 ms/);

  const forbidden = new Stage();
  forbidden.nft = 'forbidden';
  assert.match(forbidden.define().because() ?? '', /CAP_NET_ADMIN/);
});

test('without nftables the lifetime of the address ends before the deadline, late as the kernel may be', () => {
  const stage = new Stage();
  stage.nft = 'missing';
  stage.state = initialCarrier({ renewEveryMs: 500, ttlMs: 6_000 });
  stage.define().carry(stage.nowMs + 5_780);
  const [put] = stage.effects.flatMap((effect) =>
    effect.kind === 'address' && effect.call.kind === 'put' ? [effect.call] : [],
  );
  assert.ok(put !== undefined && put.lifetimeS >= 1 && put.lifetimeS * 1_060 + 1_200 <= 5_780);
  stage.done();
  stage.carry(null);
  assert.deepEqual(stage.done(), ['remove', 'closed']);
});
