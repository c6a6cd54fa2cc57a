import type { VotingMember } from '../etcd/member-list.ts';

/** A place where a member of etcd runs or can run. */
export interface Candidate {
  /** What its member is called. */
  readonly name: string;
  readonly peerUrl: string;
  /** It has said lately that it is well. */
  readonly isFit: boolean;
}

export interface Voting {
  readonly members: readonly VotingMember[];
  readonly leader: bigint;
  readonly candidates: readonly Candidate[];
  /** For how long the number of voters has been even. */
  readonly evenForMs: number;
}

export type MemberStep =
  | { readonly kind: 'add'; readonly peerUrl: string }
  | { readonly kind: 'promote'; readonly id: bigint }
  | { readonly kind: 'remove'; readonly id: bigint; readonly because: string };

const votersMax = 5;
/** Two voters stop when either does, so that with nobody to be the third they become one again. */
export const evenForMsMax = 30_000;

/**
 * The next change, one at a time, towards one, three or five voters among the candidates; null when there is nothing to
 * do, or something to be waited for. A newcomer is a learner first, and etcd 3.4 knows one learner at a time. An even
 * number is a step on the way: it is only gone through when who makes it odd again is there already.
 */
export function planMembers({ members, leader, candidates, evenForMs }: Voting): MemberStep | null {
  const owner = (member: VotingMember): Candidate | undefined =>
    candidates.find(({ name, peerUrl }) =>
      member.name === '' ? peerUrl === member.peerUrl : name === member.name,
    );
  const learners = members.filter(({ isLearner }) => isLearner);
  const voters = members.filter(({ isLearner }) => !isLearner);
  const stray = learners.find((member) => owner(member) === undefined);
  if (stray !== undefined) return remove(stray, 'it belongs to nobody of the pool');

  const [learner] = learners;
  const isFit = learner !== undefined && owner(learner)?.isFit === true;
  const taken = new Set(members.map(({ peerUrl }) => peerUrl));
  const free = candidates.filter((one) => one.isFit && !taken.has(one.peerUrl));
  const [next] = free;
  if (learner !== undefined && !isFit && next !== undefined)
    return remove(learner, 'it does not answer, and another one can take its place');

  const kept = voters.filter((member) => owner(member) !== undefined);
  // Whoever leads goes last: each change of the leader is an election.
  const leaving = voters
    .filter((member) => !kept.includes(member))
    .toSorted((a, b) => Number(a.id === leader) - Number(b.id === leader));
  const isReady = learner !== undefined && isFit && learner.name !== '';
  const reachable = kept.length + (isFit ? 1 : 0) + free.length;
  const wanted = Math.min(votersMax, reachable - ((reachable + 1) % 2));

  if (leaving[0] !== undefined) {
    if (kept.length < wanted && learner === undefined && next !== undefined) return add(next);
    if (kept.length < wanted && isFit && !isReady) return null;
    if (kept.length > 0) return remove(leaving[0], 'it is no member of the pool any more');
    return isReady ? { kind: 'promote', id: learner.id } : null;
  }
  if (kept.length % 2 === 0) {
    if (isReady) return { kind: 'promote', id: learner.id };
    if (learner === undefined && next !== undefined) return add(next);
    if (evenForMs < evenForMsMax || (isFit && evenForMs < 2 * evenForMsMax)) return null;
    const last = kept.findLast(({ id }) => id !== leader);
    return last === undefined ? null : remove(last, 'an even number of voters is worse than one less');
  }
  if (learner === undefined) return next !== undefined && kept.length < votersMax ? add(next) : null;
  return isReady && kept.length + 2 <= wanted ? { kind: 'promote', id: learner.id } : null;
}

function add({ peerUrl }: Candidate): MemberStep {
  return { kind: 'add', peerUrl };
}

function remove({ id }: VotingMember, because: string): MemberStep {
  return { kind: 'remove', id, because };
}
