import { WatchError } from '../model/errors.ts';
import type { Files } from '../runtime/files.ts';

type PrivateFiles = Pick<Files, 'status' | 'list'>;

/** What lies in a data folder and is nobody else's business: keys, databases, and what a server or agent remembers. */
const secretName = /\.(pem|db|json)\b|^snapshot\./;

export interface PrivatePlace {
  readonly config: string;
  readonly data: string;
  /** Secrets that lie elsewhere: the coordinator's file, an agent's key. */
  readonly further?: readonly string[];
  /** Files in `data` that anybody may read: a certificate. */
  readonly open?: readonly string[];
  /** A folder whose files say what is run here: nobody else may write there. */
  readonly policies?: string | undefined;
}

/** Refuses a file that others may read or change. WK_DENIED, with the command that mends it. */
export async function assertPrivate(
  files: Pick<Files, 'status'>,
  path: string,
  what = 'this private key',
): Promise<void> {
  const mode = (await files.status(path))?.mode ?? 0;
  if ((mode & 0o077) !== 0)
    throw new WatchError(
      'WK_DENIED',
      `${path}: others may ${verbOf(mode)} ${what}; run chmod 600 ${quoted(path)}`,
    );
}

/**
 * At the start of a process: nothing of ours that is secret may be read by others, and nothing that we follow be written
 * by them. Resolves with what should be mended but keeps nobody from starting. WK_DENIED with the command to type.
 */
export async function checkPrivate(files: PrivateFiles, place: PrivatePlace): Promise<string[]> {
  const { config, data, further = [], open = [], policies } = place;
  const inside = await namesIn(files, data);
  const secrets = inside.filter((name) => secretName.test(name)).map((name) => `${data}/${name}`);
  for (const path of [...secrets, ...further]) {
    const status = await files.status(path);
    if (status?.kind === 'file' && !open.includes(path)) await assertPrivate(files, path, 'it');
  }
  await assertNotWritable(files, config, 600);
  await assertNotWritable(files, data, 700);
  if (policies !== undefined) await assertPoliciesOurs(files, policies);
  return [...(await readable(files, config, 600)), ...(await readable(files, data, 700))];
}

async function assertPoliciesOurs(files: PrivateFiles, folder: string): Promise<void> {
  await assertNotWritable(files, folder, 700);
  for (const name of await namesIn(files, folder)) await assertNotWritable(files, `${folder}/${name}`, 600);
}

async function assertNotWritable(files: PrivateFiles, path: string, mode: 600 | 700): Promise<void> {
  const status = await files.status(path);
  if (status === null || (status.mode & 0o022) === 0) return;
  throw new WatchError(
    'WK_DENIED',
    `${path}: others may change it, and with it what runs here; run chmod ${mode} ${quoted(path)}`,
  );
}

async function readable(files: PrivateFiles, path: string, mode: 600 | 700): Promise<string[]> {
  const status = await files.status(path);
  if (status === null || (status.mode & 0o055) === 0) return [];
  return [`${path}: others may look into it; run chmod ${mode} ${quoted(path)}`];
}

async function namesIn(files: PrivateFiles, folder: string): Promise<string[]> {
  return (await files.status(folder))?.kind === 'directory' ? files.list(folder) : [];
}

function verbOf(mode: number): string {
  return (mode & 0o022) !== 0 ? 'read or change' : 'read';
}

function quoted(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
