import { z } from 'zod';
import { unreachable } from '../model/invariant.ts';
import { codeOf, textOf } from '../model/errors.ts';
import { prefixed } from '../model/virtual-address.ts';
import type { CommandResult, Commands } from '../runtime/commands.ts';
import type { AddressCall, CallResult, Device, Place } from './address-state.ts';
import { callTimeoutMs } from './gate-calls.ts';

/** Where Debian has them; a service or a person without these folders in PATH must not be without the programs. */
export const environment = {
  PATH: '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin',
  LC_ALL: 'C',
};
export const outputBytesMax = 1_000_000;

/** Runs one program of the system with a time limit. `missing` when it is not there. */
export async function runProgram(
  commands: Commands,
  file: string,
  args: readonly string[],
  timeoutMs = callTimeoutMs,
): Promise<{ result: CallResult; stdout: string }> {
  let stdout = '';
  const result = await resultOf(async () => {
    const ran = await commands.run({ file, args, timeoutMs, outputBytesMax, environment });
    stdout = ran.stdout;
    return ran;
  }, timeoutMs);
  return { result, stdout };
}

/** What became of a call, in the words of the carrier. */
export async function resultOf(run: () => Promise<CommandResult>, timeoutMs: number): Promise<CallResult> {
  let ran: CommandResult;
  try {
    ran = await run();
  } catch (error) {
    return { kind: codeOf(error) === 'WK_NOT_FOUND' ? 'missing' : 'refused', why: textOf(error) };
  }
  const { exitCode, timedOut, stderr } = ran;
  if (exitCode === 0) return { kind: 'done' };
  if (timedOut || exitCode === null) return { kind: 'unknown', why: `no end within ${timeoutMs} ms` };
  const said = stderr.trim().split('\n')[0] ?? '';
  return { kind: 'refused', why: said === '' ? `exit code ${exitCode}` : said };
}

/** One transaction of nftables: all of `script` or nothing. */
export async function runGate(commands: Commands, script: string): Promise<CallResult> {
  return (await runProgram(commands, 'nft', [script])).result;
}

/** `stdin` runs one input through `ip -batch -`. */
export async function runAddress(
  commands: Commands,
  stdin: (input: string) => Promise<CallResult>,
  call: AddressCall,
): Promise<{ result: CallResult; devices?: readonly Device[] }> {
  switch (call.kind) {
    case 'look':
      return look(commands);
    case 'put': {
      const args = putArgs(call.carriage.place, call.lifetimeS);
      return { result: await stdin(`${args.join(' ')}\n`) };
    }
    case 'remove': {
      const { place } = call.carriage;
      const args = removeArgs(prefixed(place), place.device);
      return { result: orGone(await stdin(`${args.join(' ')}\n`)) };
    }
    case 'remove stray':
      return { result: await removeAddress(commands, call.address, call.device) };
    default:
      return unreachable(call);
  }
}

/** `replace` also sets the lifetime of an address that is there; an IPv6 address is usable at once, and never a source. */
function putArgs(place: Place, lifetimeS: number): string[] {
  const lifetime = ['valid_lft', `${lifetimeS}`];
  const family = place.family === 4 ? ['preferred_lft', `${lifetimeS}`] : ['preferred_lft', '0', 'nodad'];
  return ['address', 'replace', prefixed(place), 'dev', place.device, ...lifetime, ...family];
}

function removeArgs(address: string, device: string): string[] {
  return ['address', 'delete', address, 'dev', device];
}

/** Done also when it was not there. */
export async function removeAddress(
  commands: Commands,
  address: string,
  device: string,
): Promise<CallResult> {
  return orGone((await runProgram(commands, 'ip', removeArgs(address, device))).result);
}

function orGone(result: CallResult): CallResult {
  const isGone =
    result.kind === 'refused' && /cannot assign|address not found|cannot find device/i.test(result.why);
  return isGone ? { kind: 'done' } : result;
}

const addressesSchema = z.array(
  z.looseObject({
    ifname: z.string().optional(),
    addr_info: z
      .array(z.looseObject({ local: z.string().optional(), prefixlen: z.int().optional() }))
      .default([]),
  }),
);

/** The network interfaces of this machine and their addresses. */
export async function look(commands: Commands): Promise<{ result: CallResult; devices?: Device[] }> {
  const { result, stdout } = await runProgram(commands, 'ip', ['-json', 'address', 'show'], 2_000);
  if (result.kind !== 'done') return { result };
  try {
    return { result, devices: devicesOf(addressesSchema.parse(JSON.parse(stdout))) };
  } catch (error) {
    return { result: { kind: 'refused', why: `what ip printed cannot be read: ${textOf(error)}` } };
  }
}

function devicesOf(found: z.infer<typeof addressesSchema>): Device[] {
  return found.flatMap(({ ifname, addr_info: addresses }) => {
    // Interfaces of other kinds than asked for are printed as empty objects.
    if (ifname === undefined) return [];
    const texts = addresses.flatMap(({ local, prefixlen }) =>
      local === undefined ? [] : [`${local}/${prefixlen ?? ''}`],
    );
    return [{ name: ifname, addresses: texts }];
  });
}
