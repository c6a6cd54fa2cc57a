import { z } from 'zod';
import type { Files } from '../../runtime/files.ts';
import type { Random } from '../../runtime/random.ts';
import type { VotingMember } from '../etcd/member-list.ts';
import type { EtcdFilePaths } from './etcd-files.ts';

const localMemberSchema = z.object({
  name: z.string(),
  /** Its ID in etcd, in hex; null for one that founded its etcd. */
  id: z.string().nullable(),
  begin: z.object({ state: z.enum(['new', 'existing']), cluster: z.string(), token: z.string() }),
});

/** The member that this machine runs: its name, and what it began with. */
export type LocalMember = Readonly<z.infer<typeof localMemberSchema>>;

export interface EtcdPlace {
  /** `HOST:PORT` each. */
  readonly client: string;
  readonly peer: string;
}

/** The first member of an etcd of its own. */
export function foundingMember(name: string, { peer }: EtcdPlace, token: string): LocalMember {
  return { name, id: null, begin: { state: 'new', cluster: `${name}=https://${peer}`, token } };
}

/** One that the others have taken in as `added`. All of them have to be named, whether they have started or not. */
export function joiningMember(
  name: string,
  added: VotingMember,
  members: readonly VotingMember[],
  token: string,
): LocalMember {
  const cluster = members
    .map((member) => `${member.id === added.id ? name : member.name || hexOf(member.id)}=${member.peerUrl}`)
    .join(',');
  return { name, id: hexOf(added.id), begin: { state: 'existing', cluster, token } };
}

/** For people who look with etcdctl; another one each time, since a member that lost its data may not come back. */
export function newMemberName(server: string, random: Random): string {
  return `${server}-${Buffer.from(random.bytes(4)).toString('hex')}`;
}

/** `joining`: taken in, not heard of yet. `begin`: taken in anew, whatever is here is of no use any more. */
export type OwnStep =
  | { readonly kind: 'run'; readonly state: 'voter' | 'learner' | 'joining' }
  | { readonly kind: 'begin'; readonly added: VotingMember }
  | { readonly kind: 'give up' }
  | { readonly kind: 'offer' };

/** What is to be done on this machine, when etcd has these members. */
export function ownStep(
  local: LocalMember | null,
  members: readonly VotingMember[],
  { peer }: EtcdPlace,
): OwnStep {
  const known = members.find(({ name }) => name !== '' && name === local?.name);
  if (known !== undefined) return { kind: 'run', state: known.isLearner ? 'learner' : 'voter' };
  const added = members.find(({ name, peerUrl }) => name === '' && peerUrl === `https://${peer}`);
  if (added === undefined) return { kind: local === null ? 'offer' : 'give up' };
  return hexOf(added.id) === local?.id ? { kind: 'run', state: 'joining' } : { kind: 'begin', added };
}

/** Null where no member runs. An etcd of a version that wrote no such file was the first, named after its server. */
export async function readLocalMember(
  files: Pick<Files, 'status' | 'readText'>,
  { member, data }: EtcdFilePaths,
  first: LocalMember,
): Promise<LocalMember | null> {
  if ((await files.status(data)) === null && (await files.status(member)) === null) return null;
  if ((await files.status(member)) === null) return first;
  return localMemberSchema.parse(JSON.parse(await files.readText(member, 65_536)));
}

export function writeLocalMember(
  files: Pick<Files, 'writeAtomic'>,
  { member }: EtcdFilePaths,
  local: LocalMember,
): Promise<void> {
  return files.writeAtomic(member, `${JSON.stringify(local, null, 2)}\n`, 0o600);
}

function hexOf(id: bigint): string {
  return id.toString(16);
}

const aloneSchema = z.object({ name: z.string(), token: z.string() });

/** What an operator asked for: an etcd of this machine's own, under a name and a token that no other has. */
export type GoAlone = Readonly<z.infer<typeof aloneSchema>>;

export async function readGoAlone(
  files: Pick<Files, 'status' | 'readText'>,
  { alone }: EtcdFilePaths,
): Promise<GoAlone | null> {
  if ((await files.status(alone)) === null) return null;
  return aloneSchema.parse(JSON.parse(await files.readText(alone, 4_096)));
}

/** Carried out by whoever runs this machine's member, within a second or two. */
export function writeGoAlone(
  files: Pick<Files, 'writeAtomic'>,
  { alone }: EtcdFilePaths,
  asked: GoAlone,
): Promise<void> {
  return files.writeAtomic(alone, `${JSON.stringify(asked)}\n`, 0o600);
}
