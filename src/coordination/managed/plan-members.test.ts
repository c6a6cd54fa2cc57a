import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VotingMember } from '../etcd/member-list.ts';
import { evenForMsMax, planMembers, type Candidate, type MemberStep } from './plan-members.ts';

/** etcd as far as its list of members goes, with the limits of 3.4, and machines that start what is added. */
class House {
  members: VotingMember[] = [];
  candidates: Candidate[] = [];
  steps: string[] = [];
  #ids = 0n;

  found(name: string): this {
    this.offer(name);
    this.members.push(this.#member(name, name, false));
    return this;
  }

  offer(name: string, isFit = true): this {
    this.candidates = this.candidates.filter((one) => one.name !== name);
    this.candidates.push({ name, peerUrl: peerOf(name), isFit });
    return this;
  }

  leave(name: string): this {
    this.candidates = this.candidates.filter((one) => one.name !== name);
    return this;
  }

  step(evenForMs = 0): MemberStep | null {
    const leader = this.members.find(({ isLearner }) => !isLearner)?.id ?? 0n;
    const step = planMembers({ members: this.members, leader, candidates: this.candidates, evenForMs });
    if (step !== null) this.#carryOut(step);
    return step;
  }

  /** Whoever was added starts, if it can. */
  start(): void {
    this.members = this.members.map((member) => {
      const owner = this.candidates.find(({ peerUrl }) => peerUrl === member.peerUrl);
      return member.name === '' && owner?.isFit === true ? { ...member, name: owner.name } : member;
    });
  }

  settle(evenForMs = 0): string {
    for (let turn = 0; turn < 50; turn++) {
      const step = this.step(evenForMs);
      this.start();
      if (step === null) break;
      assert.ok(turn < 49, `it never settles: ${this.steps.join('; ')}`);
    }
    return this.text();
  }

  text(): string {
    return this.members
      .map(({ name, peerUrl, isLearner }) => `${name || `(${peerUrl})`}${isLearner ? '?' : ''}`)
      .toSorted()
      .join(' ');
  }

  #member(name: string, at: string, isLearner: boolean): VotingMember {
    const clientUrl = name === '' ? null : `https://${at}:2379`;
    return { id: ++this.#ids, name, peerUrl: peerOf(at), clientUrl, isLearner };
  }

  #carryOut(step: MemberStep): void {
    if (step.kind === 'add') {
      assert.ok(!this.members.some(({ isLearner }) => isLearner), 'etcd 3.4 has one learner at most');
      assert.ok(!this.members.some(({ peerUrl }) => peerUrl === step.peerUrl), 'no place has two members');
      this.members.push(this.#member('', step.peerUrl.slice(8, -5), true));
      this.steps.push(`add ${step.peerUrl}`);
      return;
    }
    const member = this.members.find(({ id }) => id === step.id);
    assert.ok(member, 'a step is about a member that is there');
    this.steps.push(`${step.kind} ${member.name}`);
    this.members = this.members.filter((one) => one !== member);
    if (step.kind === 'remove')
      return assert.ok(
        this.members.some(({ isLearner }) => !isLearner),
        'somebody votes',
      );
    assert.ok(member.isLearner && member.name !== '', 'who is promoted has started as a learner');
    this.members.push({ ...member, isLearner: false });
  }
}

function peerOf(name: string): string {
  return `https://${name}:2380`;
}

test('one voter and a learner, then three voters, then a learner more, then five', () => {
  const house = new House().found('a');
  assert.equal(house.settle(), 'a');
  assert.equal(house.offer('b').settle(), 'a b?');
  assert.equal(house.offer('w').settle(), 'a b w');
  assert.equal(house.offer('d').settle(), 'a b d? w');
  assert.equal(house.offer('e').settle(), 'a b d e w');
  assert.equal(house.offer('f').settle(), 'a b d e w');
});

test('a server that is removed is replaced by the learner, or the voters become one', () => {
  const house = new House().found('a').offer('b').offer('w');
  house.settle();
  house.offer('d').settle();
  assert.equal(house.leave('a').settle(), 'b d w');
  assert.equal(house.leave('w').settle(), 'b d');
  // For a while: somebody may come.
  assert.equal(house.step(evenForMsMax - 1), null);
  house.step(evenForMsMax);
  assert.deepEqual(house.steps.slice(-1), ['remove d']);
  assert.equal(house.settle(), 'b d?');
});

test('the only voter is removed when the learner can take its place, and not before', () => {
  const house = new House().found('a').offer('b');
  assert.equal(house.leave('a').step()?.kind, 'add');
  assert.equal(house.step(), null);
  house.start();
  assert.equal(house.settle(), 'b');
});

test('two voters are gone through only when the third is there', () => {
  const house = new House().found('a').offer('b').offer('w', false);
  assert.equal(house.settle(evenForMsMax), 'a b?');
  house.offer('w');
  assert.deepEqual([house.step()?.kind, house.step()?.kind], ['promote', 'add']);
  // It fails to start: one votes again.
  house.offer('w', false);
  assert.equal(house.step(evenForMsMax - 1), null);
  house.step(evenForMsMax);
  assert.equal(house.steps.at(-1), 'remove b');
});

test('a learner that is away leaves its place to one that is there', () => {
  const house = new House().found('a').offer('b');
  house.settle();
  house.offer('b', false).offer('w');
  assert.equal(house.settle(), 'a w?');
});

test('a member that lost its data, and so has another name, is taken out and in again', () => {
  const house = new House().found('a').offer('b').offer('w');
  house.settle();
  house.leave('b').candidates.push({ name: 'b-2', peerUrl: peerOf('b'), isFit: true });
  assert.equal(house.settle(), 'a b-2 w');
});

test('whatever comes and goes, it settles on one, three or five voters where as many are fit', () => {
  // A small generator of its own: the test runs the same each time.
  let seed = 7;
  const draw = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 16) % below;
  };
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (let run = 0; run < 200; run++) {
    const house = new House().found('a');
    for (let turn = 0; turn < 30; turn++) {
      const name = names[draw(names.length)] ?? 'a';
      if (draw(4) === 0 && house.candidates.length > 1) house.leave(name);
      else house.offer(name, draw(3) > 0);
      house.step(draw(2) * evenForMsMax);
      if (draw(2) === 0) house.start();
    }
    for (const name of names.slice(0, 1 + (run % 6))) house.offer(name);
    for (const name of names.slice(1 + (run % 6))) house.leave(name);
    house.settle();
    const text = house.settle(2 * evenForMsMax);
    const voters = house.members.filter(({ isLearner }) => !isLearner).length;
    const wanted = [1, 1, 3, 3, 5, 5][run % 6];
    assert.equal(voters, wanted, `run ${run}: ${text} after ${house.steps.slice(-8).join('; ')}`);
  }
});
