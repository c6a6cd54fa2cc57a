/** What one sender wrote down: a number is sent before it is accepted, and accepted when the agent said so. */
export interface SenderRecord {
  readonly agent: string;
  readonly sent: readonly number[];
  readonly accepted: readonly { readonly number: number; readonly id: string }[];
}

/** What one server answered at the end. */
export interface ServerAnswer {
  readonly name: string;
  readonly messages: readonly { readonly id: string; readonly text: string }[];
  readonly stateHash: string;
  readonly positions: Readonly<Record<string, number>>;
}

/** What one agent says of itself, in messages. */
export interface AgentCounts {
  readonly agent: string;
  readonly produced: number;
  readonly delivered: number;
  readonly buffered: number;
  readonly gaps: number;
}

export interface Evidence {
  readonly senders: readonly SenderRecord[];
  readonly servers: readonly ServerAnswer[];
  readonly agents: readonly AgentCounts[];
  /** How many messages must have been accepted from each agent for the run to mean anything. */
  readonly acceptedMin: number;
}

export interface Verdict {
  /** Empty when everything that was promised was kept. */
  readonly findings: readonly string[];
  /** Why the run proves nothing, where the load was too low. */
  readonly invalid: readonly string[];
  readonly sent: number;
  readonly accepted: number;
  /** Accepted messages that at least one server lacks. */
  readonly lost: number;
  /** Messages that a server has more than once. */
  readonly doubled: number;
}

export function loadText(agent: string, number: number): string {
  return `load ${agent} ${number}`;
}

/** Compares what the senders recorded with what each server answered. Knows nothing of how the pool works. */
export function judge(evidence: Evidence): Verdict {
  const wanted = acceptedOf(evidence.senders);
  const allowed = new Set(evidence.senders.flatMap(({ agent, sent }) => sent.map((n) => loadText(agent, n))));
  const perServer = evidence.servers.map((server) => compare(server, wanted, allowed));
  return {
    findings: [
      ...perServer.flatMap(({ findings }) => findings),
      ...differences(evidence.servers),
      ...evidence.agents.flatMap(balance),
    ],
    invalid: evidence.senders
      .filter(({ accepted }) => accepted.length < evidence.acceptedMin)
      .map(
        ({ agent, accepted }) =>
          `${agent} accepted ${accepted.length}, at least ${evidence.acceptedMin} are needed`,
      ),
    sent: allowed.size,
    accepted: wanted.size,
    lost: new Set(perServer.flatMap(({ lost }) => lost)).size,
    doubled: perServer.reduce((sum, { doubled }) => sum + doubled, 0),
  };
}

/** By ID, the text that the message with it must have. */
function acceptedOf(senders: readonly SenderRecord[]): Map<string, string> {
  return new Map(
    senders.flatMap(({ agent, accepted }) => accepted.map(({ number, id }) => [id, loadText(agent, number)])),
  );
}

function compare(
  server: ServerAnswer,
  wanted: ReadonlyMap<string, string>,
  allowed: ReadonlySet<string>,
): { findings: string[]; lost: string[]; doubled: number } {
  const findings: string[] = [];
  const textById = new Map<string, string>();
  const idsByText = new Map<string, number>();
  let doubled = 0;
  for (const { id, text } of server.messages) {
    if (textById.has(id)) doubled += 1;
    textById.set(id, text);
    if (!text.startsWith('load ')) continue;
    idsByText.set(text, (idsByText.get(text) ?? 0) + 1);
    if (!allowed.has(text)) findings.push(`${server.name} has "${text}", which nobody sent`);
  }
  for (const [text, times] of idsByText) if (times > 1 && allowed.has(text)) doubled += times - 1;
  if (doubled > 0) findings.push(`${server.name} has ${doubled} messages more than once`);
  const lost = [...wanted].filter(([id]) => !textById.has(id)).map(([, text]) => text);
  if (lost.length > 0)
    findings.push(`${server.name} lacks ${lost.length} accepted messages, such as "${lost[0] ?? ''}"`);
  const changed = [...wanted].filter(([id, text]) => (textById.get(id) ?? text) !== text);
  if (changed.length > 0) findings.push(`${server.name} has ${changed.length} messages with another text`);
  return { findings, lost, doubled };
}

function differences(servers: readonly ServerAnswer[]): string[] {
  const [first, ...others] = servers;
  if (first === undefined) return ['no server was asked'];
  return others.flatMap((server) => [
    ...(server.stateHash === first.stateHash && server.stateHash !== ''
      ? []
      : [
          `the state hashes of ${first.name} and ${server.name} differ: ${first.stateHash} ${server.stateHash}`,
        ]),
    ...(samePositions(server.positions, first.positions)
      ? []
      : [`the positions of ${first.name} and ${server.name} differ`]),
  ]);
}

function samePositions(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => (a[key] ?? 0) === (b[key] ?? 0));
}

function balance({ agent, produced, delivered, buffered, gaps }: AgentCounts): string[] {
  return produced === delivered + buffered + gaps
    ? []
    : [`${agent} produced ${produced}, but delivered ${delivered} + buffered ${buffered} + gaps ${gaps}`];
}
