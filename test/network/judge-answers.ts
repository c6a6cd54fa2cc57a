/** One host answered for the address: some time between being asked and being heard. */
export interface HostAnswer {
  readonly host: string;
  readonly by: 'tcp' | 'arp' | 'ndp';
  readonly sentMs: number;
  readonly heardMs: number;
}

/** Two answers of one host further apart than this are not one stretch: it may have been silent between them. */
const stretchMs = 1_000;

/**
 * Moments at which two hosts answered, by what nobody can explain otherwise: a host answered, then another one, then the
 * first again within a second. Answers whose times overlap prove no order and count for nothing.
 */
export function twoHosts(answers: readonly HostAnswer[]): string[] {
  const sorted = [...answers].sort((a, b) => a.heardMs - b.heardMs);
  const last = new Map<string, HostAnswer>();
  const faults: string[] = [];
  let between: HostAnswer[] = [];
  for (const answer of sorted) {
    const before = last.get(answer.host);
    between = between.filter(({ heardMs }) => answer.heardMs - heardMs < stretchMs);
    if (before !== undefined && answer.sentMs - before.heardMs < stretchMs) {
      const other = between.find(
        (each) => each.host !== answer.host && each.sentMs > before.heardMs && each.heardMs < answer.sentMs,
      );
      if (other !== undefined)
        faults.push(
          `${answer.host} (${answer.by}) answered at ${Math.round(answer.heardMs)} ms although ` +
            `${other.host} (${other.by}) had at ${Math.round(other.heardMs)} ms`,
        );
    }
    last.set(answer.host, answer);
    between.push(answer);
  }
  return faults;
}

/** The hosts in the order in which they began to answer, each once for every time it took over. */
export function inTurn(answers: readonly HostAnswer[]): string[] {
  const hosts: string[] = [];
  for (const { host } of [...answers].sort((a, b) => a.heardMs - b.heardMs))
    if (hosts.at(-1) !== host) hosts.push(host);
  return hosts;
}

/** The longest time without an answer between `fromMs` and `untilMs`. */
export function silenceMs(answersMs: readonly number[], fromMs: number, untilMs: number): number {
  const inside = answersMs.filter((atMs) => atMs > fromMs && atMs < untilMs);
  const marks = [fromMs, ...inside, untilMs];
  return Math.max(...marks.slice(1).map((atMs, at) => atMs - (marks[at] ?? atMs)));
}
