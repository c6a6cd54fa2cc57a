import { hkdfSync } from 'node:crypto';
import { WatchError } from '../model/errors.ts';
import type { Commands } from '../runtime/commands.ts';
import type { Files } from '../runtime/files.ts';

/**
 * A secret of this machine that systemd keeps: encrypted on the disk with the TPM or the machine's own key, and handed to
 * the server's unit when it starts (`LoadCredentialEncrypted=`). What it encrypts is worth nothing on a copied disk.
 */
export const sealName = 'watchkeeper.seal';
export const sealPath = `/etc/credstore.encrypted/${sealName}`;

export interface SealPorts {
  readonly files: Pick<Files, 'status' | 'readText'>;
  readonly commands: Pick<Commands, 'run' | 'credentialsFolder'>;
}

/** `absent`: this machine has none. `closed`: it has one that this process may not open. */
export type MachineSeal =
  | { readonly kind: 'open'; readonly key: Buffer }
  | { readonly kind: 'absent' }
  | { readonly kind: 'closed'; readonly because: string };

const bytesMax = 1_024;
const secretCharsMin = 32;
/** A TPM takes its time. */
const openMs = 20_000;
/** Opened once in a process: a server signs often, and a TPM takes a second. */
const opened = new WeakMap<SealPorts['commands'], MachineSeal>();

/** As the unit was given it; in a shell, where there is no unit, root opens it. Never throws for what systemd says. */
export async function machineSeal({ files, commands }: SealPorts): Promise<MachineSeal> {
  const known = opened.get(commands);
  if (known !== undefined) return known;
  const seal = (await givenSeal({ files, commands })) ?? (await storedSeal({ files, commands }));
  if (seal.kind === 'open') opened.set(commands, seal);
  return seal;
}

async function givenSeal({ files, commands }: SealPorts): Promise<MachineSeal | null> {
  if (commands.credentialsFolder === null) return null;
  const path = `${commands.credentialsFolder}/${sealName}`;
  return (await files.status(path)) === null ? null : sealOf(await files.readText(path, bytesMax), path);
}

async function storedSeal({ files, commands }: SealPorts): Promise<MachineSeal> {
  try {
    if ((await files.status(sealPath)) === null) return { kind: 'absent' };
    const args = ['decrypt', `--name=${sealName}`, sealPath, '-'];
    const call = { file: 'systemd-creds', args, timeoutMs: openMs, outputBytesMax: bytesMax };
    const { exitCode, stdout, stderr } = await commands.run(call);
    if (exitCode === 0) return sealOf(stdout, sealPath);
    return { kind: 'closed', because: stderr.trim().split('\n').at(-1) ?? 'systemd-creds failed' };
  } catch (error) {
    if (!(error instanceof WatchError)) throw error;
    return { kind: 'closed', because: error.message };
  }
}

function sealOf(text: string, path: string): MachineSeal {
  const secret = text.trim();
  if (secret.length < secretCharsMin)
    return { kind: 'closed', because: `${path}: holds less than ${secretCharsMin} characters` };
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'watchkeeper machine seal', 32));
  return { kind: 'open', key };
}
