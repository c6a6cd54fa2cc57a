import { timingProfiles, type Timings } from '../../src/pool/lease/timings.ts';
import { World } from '../world/world.ts';
import { ScriptPool } from './script-pool.ts';
import type { Script } from './script.ts';

/** The first line of each script: `pool servers=3 agents=2`, with `keep=60s`, `absent=s4` and `lease=patient` where they matter. */
function poolOptions(command: string) {
  const options = new Map(command.split(' ').slice(1).map((word): [string, string] => {
    const [name = '', value = ''] = word.split('=');
    return [name, value];
  })); // prettier-ignore
  const keep = options.get('keep');
  return {
    servers: Number(options.get('servers') ?? '3'),
    agents: Number(options.get('agents') ?? '1'),
    keepMs: keep === undefined ? null : Number.parseInt(keep, 10) * 1_000,
    lease: timingsNamed(options.get('lease') ?? 'default'),
    absent: options.get('absent')?.split(',') ?? [],
  };
}

function timingsNamed(name: string): Timings {
  const found = Object.entries(timingProfiles).find(([known]) => known === name);
  if (!found) throw new RangeError(`there is no lease ${name}`);
  return found[1];
}

/**
 * Answers what each block printed. An hour lasts `hourMs`: what a script says must not depend on how long nothing happens.
 * Throws a Violation, as any run of the simulator does.
 */
export async function runScript(name: string, script: Script, hourMs = 3_600_000): Promise<string[]> {
  const [first = ''] = script.blocks[0]?.commands ?? [];
  if (!first.startsWith('pool ')) throw new RangeError(`${name} does not begin with a pool`);
  using world = new World(`script/${name}`);
  using pool = new ScriptPool(world, { ...poolOptions(first), hourMs });
  const printed: string[] = [];
  for (const { commands } of script.blocks) {
    const lines: string[] = [];
    for (const command of commands) if (command !== first) lines.push(...(await pool.do(command)));
    printed.push(lines.join('\n'));
  }
  return printed;
}
