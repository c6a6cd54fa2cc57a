import type { Uuid } from '../../../model/uuid.ts';
import type { Node } from './lease-world-node.ts';

export const faultsUntilMs = 45_000;

interface Ports {
  readonly nodes: readonly Node[];
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly within: (fromMs: number, toMs: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
  readonly count: (what: string) => void;
  readonly coordinatorAway: (untilMs: number) => void;
  readonly pauseKeeper: (node: Node) => void;
  readonly killKeeper: (node: Node) => void;
  readonly killServer: (node: Node) => void;
  /** Somebody changes what is wanted of a role. */
  readonly define: (pinned: string | null) => void;
}

/** What goes wrong in the little world of leases, one thing after the other until `faultsUntilMs`. */
export class WorldFaults {
  readonly #ports: Ports;
  /** In half of the worlds little else happens than that the coordinator is away: room for what takes its time. */
  #mostlyOutages = false;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  begin(): void {
    const { after, within, random } = this.#ports;
    this.#mostlyOutages = random() < 0.5;
    after(within(2_000, 4_000), () => this.#fault());
  }

  /** From blinks to far beyond the time to live. */
  durationMs(): number {
    const { random, within } = this.#ports;
    return random() < 0.5 ? within(10, 1_000) : within(1_000, 8_000);
  }

  cut(node: Node, durationMs = this.durationMs()): void {
    node.cutUntilMs = Math.max(node.cutUntilMs, this.#ports.nowMs() + durationMs);
  }

  /** The others ask each other in vain, while this one may end them. */
  onlyOneReaches(node: Node): void {
    const durationMs = this.#ports.within(3_000, 12_000);
    for (const other of this.#ports.nodes) if (other !== node) this.cut(other, durationMs);
  }

  /** A promise matters only when the coordinator is back before the asker, or for who promised and starts again. */
  promised(member: Node, asker: Uuid): void {
    const { nodes, random, coordinatorAway, killKeeper, within } = this.#ports;
    if (random() > 0.1) return;
    coordinatorAway(0);
    for (const node of nodes) if (node.coreId === asker) this.cut(node, within(1_000, 6_000));
    if (random() < 0.5) killKeeper(member);
  }

  #fault(): void {
    const { nowMs, after, within, pick, nodes, random } = this.#ports;
    if (nowMs() >= faultsUntilMs) return this.#heal();
    if (this.#mostlyOutages && random() < 0.4) this.#away();
    else this.#faultAt(pick(nodes));
    const [fromMs, toMs] = this.#mostlyOutages ? [200, 6_000] : [100, 2_500];
    after(within(fromMs, toMs), () => this.#fault());
  }

  #faultAt(node: Node): void {
    const { nodes, random, pick, pauseKeeper, killKeeper, killServer, define } = this.#ports;
    const kinds: (() => void)[] = [
      () => pauseKeeper(node),
      () => this.#pauseServer(node),
      () => {
        pauseKeeper(node);
        this.#pauseServer(node);
      },
      () => killServer(node),
      () => killKeeper(node),
      () => this.cut(node),
      () => this.#away(),
      () => define(random() < 0.5 ? null : pick(nodes).coreId),
      () => {
        if (node.server !== null) node.server.healthy = !node.server.healthy;
      },
      () => this.onlyOneReaches(node),
      () => this.#cutLinks(node),
    ];
    pick(kinds)();
  }

  #pauseServer(node: Node): void {
    if (node.server === null) return;
    this.#ports.count('server stopped');
    node.server.pause(this.durationMs());
  }

  #away(): void {
    const { random, count, nowMs, within, coordinatorAway } = this.#ports;
    count('coordinator away');
    coordinatorAway(nowMs() + (random() < 0.5 ? this.durationMs() : within(3_000, 15_000)));
  }

  /** Servers that do not hear each other, in one direction or in both. */
  #cutLinks(node: Node): void {
    const { pick, random, nodes, nowMs } = this.#ports;
    const other = pick(nodes);
    const untilMs = nowMs() + this.durationMs();
    node.linkCutUntilMs.set(other.coreId, untilMs);
    if (random() < 0.5) other.linkCutUntilMs.set(node.coreId, untilMs);
  }

  #heal(): void {
    this.#ports.coordinatorAway(0);
    for (const node of this.#ports.nodes) {
      node.cutUntilMs = 0;
      node.linkCutUntilMs.clear();
      if (node.server !== null) node.server.healthy = true;
    }
  }
}
