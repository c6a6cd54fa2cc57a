import { z } from 'zod';
import { unreachable } from '../model/invariant.ts';
import { codeOf, textOf } from '../model/errors.ts';
import { prefixed } from '../model/virtual-address.ts';
import type { CommandResult, Commands } from '../runtime/commands.ts';
import type { AddressCall, CallResult, Device, Place } from './address-state.ts';
import { callTimeoutMs } from './gate-calls.ts';

/** Where Debian has them; a service or a person without these folders in PATH must not be without the programs. */
const environment = { PATH: '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };
const outputBytesMax = 1_000_000;

/** Runs one program of the system with a time limit. `missing` when it is not there. */
export async function runProgram(
  commands: Commands,
  file: string,
  args: readonly string[],
  timeoutMs = callTimeoutMs,
): Promise<{ result: CallResult; stdout: string }> {
  let ran: CommandResult;
  try {
    ran = await commands.run({ file, args, timeoutMs, outputBytesMax, environment });
  } catch (error) {
    const kind = codeOf(error) === 'WK_NOT_FOUND' ? 'missing' : 'refused';
    return { result: { kind, why: textOf(error) }, stdout: '' };
  }
  const { exitCode, timedOut, stdout, stderr } = ran;
  if (exitCode === 0) return { result: { kind: 'done' }, stdout };
  const said = stderr.trim().split('\n')[0] ?? '';
  if (timedOut || exitCode === null)
    return { result: { kind: 'unknown', why: `no end within ${timeoutMs} ms` }, stdout };
  return { result: { kind: 'refused', why: said === '' ? `exit code ${exitCode}` : said }, stdout };
}

/** One transaction of nftables: all of `script` or nothing. */
export async function runGate(commands: Commands, script: string): Promise<CallResult> {
  return (await runProgram(commands, 'nft', [script])).result;
}

export async function runAddress(
  commands: Commands,
  call: AddressCall,
): Promise<{ result: CallResult; devices?: readonly Device[] }> {
  switch (call.kind) {
    case 'look':
      return look(commands);
    case 'put':
      return runProgram(commands, 'ip', putArgs(call.carriage.place, call.lifetimeS));
    case 'remove': {
      const { place } = call.carriage;
      return { result: await removeAddress(commands, prefixed(place), place.device) };
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

/** Done also when it was not there. */
export async function removeAddress(
  commands: Commands,
  address: string,
  device: string,
): Promise<CallResult> {
  const { result } = await runProgram(commands, 'ip', ['address', 'delete', address, 'dev', device]);
  const isGone = result.kind === 'refused' && /cannot assign|cannot find device/i.test(result.why);
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

async function look(commands: Commands): Promise<{ result: CallResult; devices?: Device[] }> {
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
