import type { Machine } from '../world/machine.ts';
import { check } from '../world/violation.ts';
import type { World } from '../world/world.ts';

/**
 * Looks at the kernels of all machines after each change of one: an address is answered for by one host at most, also
 * while keepers stand still or are dead. Nothing but a change begins an answer, so that there is no moment between.
 */
export class AddressJudge {
  readonly #address: string;
  readonly #machines: readonly Machine[];
  /** Machines to which somebody has added the address behind the keeper's back. */
  readonly #strays = new Set<Machine>();
  #last: Machine | null = null;
  /** How often another host answered than before. */
  moves = 0;

  constructor(world: World, address: string, machines: readonly Machine[]) {
    this.#address = address;
    this.#machines = machines;
    for (const machine of machines) machine.kernel.onChange = () => this.#look(world, machine);
  }

  #look(world: World, machine: Machine): void {
    if (!machine.kernel.has(this.#address) && this.#strays.delete(machine))
      world.trace.count('a stray address was removed');
    if (!machine.kernel.answers(this.#address)) return;
    const others = this.#answering().filter((other) => other !== machine);
    check(
      others.length === 0,
      'one host answers for an address (I11)',
      () =>
        `${this.#address} at ${world.scheduler.nowMs}: ${[machine, ...others].map(({ name }) => name).join(', ')}`,
    );
    if (this.#last !== machine) this.moves += 1;
    this.#last = machine;
  }

  #answering(): Machine[] {
    return this.#machines.filter(({ kernel }) => kernel.answers(this.#address));
  }

  /** A person who means well, or a script at boot, has put the address on a machine whose keeper does not run. */
  strand(machine: Machine): void {
    if (!machine.kernel.strand(this.#address)) return;
    machine.world.trace.line(`${machine.name} has a stray address`);
    this.#strays.add(machine);
  }

  /** What is not yet as it must be once all are well: its holder answers, and nobody else has the address. */
  unsettled(holder: Machine | null): string | null {
    const has = this.#machines.filter(({ kernel }) => kernel.has(this.#address));
    const [only] = has;
    const isRight = has.length === 1 && only === holder && holder.kernel.answers(this.#address);
    if (isRight) return null;
    const answering = this.#answering().map(({ name }) => name);
    return `${this.#address} is held by ${holder?.name}, is on ${has.map(({ name }) => name).join(', ')}, is answered for by ${answering.join(', ')}`;
  }
}
