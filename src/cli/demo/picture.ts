import { severities } from '../../model/severity.ts';
import type { MessageView, PoolStatus } from '../../model/api.ts';
import type { DemoView } from './demo-view.ts';
import { actingOf, originFacts, virtualInterfacesOf, wellStored } from './facts.ts';
import { printable, widthOf, type Line, type Span } from './line.ts';
import { severityLooks } from './severity-look.ts';
import { table } from './table.ts';

const empty: Line = [];

/** The whole live picture, at most `rows` lines of `width` columns; what has no room is the oldest messages. */
export function picture(view: DemoView, rows: number, width: number): Line[] {
  const above = [
    heading(view),
    empty,
    ...(view.status === null ? [waiting(view)] : serverTable(view, view.status)),
    empty,
    ...agentTable(view),
    empty,
    ...(view.status === null ? [] : [...countsLines(view.status), empty]),
  ];
  const below = [empty, ...connectLines(view, width)];
  const room = Math.max(1, rows - above.length - below.length);
  return [...above, ...view.messages.slice(0, room).map((message) => messageLine(message)), ...below];
}

function heading(view: DemoView): Line {
  const title: Span = { text: ' watchkeeper demo', style: 'title' };
  const running = `  running ${duration(view.nowMs - view.startedMs)}`;
  if (view.status === null) return [title, { text: running, style: 'faint' }];
  const { members, atRisk } = view.status;
  const alive = members.filter((member) => member.state !== 'offline').length;
  return [
    title,
    { text: '  pool ' },
    { text: view.status.pool.name, style: 'title' },
    { text: `  ${alive} of ${members.length} servers  ` },
    atRisk.is
      ? { text: `▲ at risk: ${printable(atRisk.because)}`, style: 'notice' }
      : { text: `● ${wellStored(members.length)}`, style: 'good' },
    { text: running, style: 'faint' },
  ];
}

function waiting(view: DemoView): Line {
  return [{ text: ` … ${printable(view.because)}`, style: 'faint' }];
}

function serverTable(view: DemoView, status: PoolStatus): Line[] {
  const rows = status.members.map((member): Span[] => {
    return [
      { text: member.name, style: 'title' },
      stateSpan(member.state, member.healthy),
      ...dutySpans(status, member.coreId),
      behindSpan(member.lagEntries, member.state),
      { text: member.sinceMs === null ? '–' : clock(member.sinceMs) },
      {
        text: [member.healthy ? '' : printable(member.because), restartsText(view, member.name)]
          .filter(Boolean)
          .join(', '),
        style: 'notice',
      },
    ];
  });
  return [
    ...table(
      [
        { heading: 'SERVER' },
        { heading: 'STATE' },
        { heading: 'ACTING' },
        { heading: 'VIRTUAL INTERFACE' },
        { heading: 'BEHIND', align: 'right' },
        { heading: 'SINCE' },
        { heading: '' },
      ],
      rows,
    ),
    journalLine(status),
  ];
}

function restartsText(view: DemoView, name: string): string {
  const restarts = view.processes.find((process) => process.name === name)?.restarts ?? 0;
  return restarts > 0 ? `restarted ${count(restarts)}×` : '';
}

function stateSpan(state: string, healthy: boolean): Span {
  if (state === 'offline') return { text: '✖ offline', style: 'bad' };
  if (!healthy) return { text: `▲ ${state}`, style: 'notice' };
  return { text: `● ${state}`, style: 'good' };
}

function dutySpans(status: PoolStatus, coreId: string): [Span, Span] {
  const acting = actingOf(status);
  const held = virtualInterfacesOf(status).filter((role) => role.holder === coreId);
  return [
    acting?.holder === coreId ? { text: `● epoch ${acting.epoch}`, style: 'accent' } : { text: '' },
    {
      text: held.map((role) => `${role.address ?? role.role} epoch ${role.epoch}`).join(' '),
      style: 'accent',
    },
  ];
}

function behindSpan(lagEntries: number | null, state: string): Span {
  if (lagEntries === null || state === 'offline') return { text: '–', style: 'faint' };
  return { text: count(lagEntries), ...(lagEntries > 0 && { style: 'notice' }) };
}

/** One line for the journals: the four origins that say most, with who lacks how much of each. */
function journalLine(status: PoolStatus): Line {
  const facts = originFacts(status);
  const spans = facts.slice(0, 4).flatMap(({ label, position, behind }): Span[] => [
    { text: `  ${label} ` },
    { text: count(position), style: 'title' },
    behind.length === 0
      ? { text: ' everywhere', style: 'faint' }
      : {
          text: behind.map(({ name, entries }) => ` ${name} −${count(entries)}`).join(''),
          style: 'notice',
        },
  ]);
  const more = facts.length > 4 ? `  and ${facts.length - 4} older` : '';
  return [{ text: ' journals', style: 'heading' }, ...spans, { text: more, style: 'faint' }];
}

function agentTable(view: DemoView): Line[] {
  const rows = view.nodes.map((node): Span[] => [
    { text: printable(node.name), style: 'title' },
    node.connectedTo === null
      ? { text: '▲ not connected', style: 'notice' }
      : { text: `● ${printable(node.connectedTo)}`, style: 'good' },
    { text: node.sinceMs === null ? '–' : clock(node.sinceMs) },
    { text: node.lastMessageMs === null ? '–' : clock(node.lastMessageMs) },
    { text: restartsText(view, node.name), style: 'notice' },
  ]);
  return table(
    [
      { heading: 'AGENT' },
      { heading: 'CONNECTED TO' },
      { heading: 'SINCE' },
      { heading: 'LAST MESSAGE' },
      { heading: '' },
    ],
    rows,
  );
}

function countsLines(status: PoolStatus): Line[] {
  const { open, acknowledged, total } = status.messages;
  const spans = severities.toReversed().flatMap((severity): Span[] => {
    const number = open[severity];
    if (severity === 'unknown' && number === 0) return [];
    const { shape, style } = severityLooks[severity];
    return [{ text: `  ${shape} ${severity} ${count(number)}`, style: number > 0 ? style : 'faint' }];
  });
  const done = Object.values(acknowledged).reduce((sum, number) => sum + number, 0);
  return [
    [{ text: ' OPEN   ', style: 'heading' }, ...spans],
    [
      { text: ' STORED ', style: 'heading' },
      { text: `  ${count(total)} messages, ${count(done)} acknowledged` },
    ],
  ];
}

function messageLine(message: MessageView): Line {
  const { shape, style } = severityLooks[message.severity];
  const about = [...new Set([message.application, message.object])]
    .filter((part) => part !== undefined)
    .join(' ');
  return [
    { text: ` ${clock(message.createdMs)}  `, style: 'faint' },
    { text: `${shape} ${message.severity.padEnd(8)}  `, style },
    { text: `${printable(message.nodeName)}  ` },
    ...(about === '' ? [] : [{ text: `${printable(about)}  `, style: 'accent' as const }]),
    { text: printable(message.text) },
  ];
}

function connectLines(view: DemoView, width: number): Line[] {
  return [
    ...consoleLines(view.consoleUrl, width),
    ...view.connect.flatMap((command) => commandLines(command, width)),
    [{ text: ` Ctrl-C stops it; ${view.ending}`, style: 'faint' }],
  ];
}

/** The address whole and alone on its line, so that a click or a double click takes all of it; else where it stands. */
function consoleLines(url: string, width: number): Line[] {
  const about = 'The console, in a browser, which asks once whether to trust the authority of this demo:';
  const isWhole = widthOf(url) + 3 <= width;
  return [
    [
      {
        text: ` ${isWhole ? about : 'The console: its address was printed above this picture'}`,
        style: 'faint',
      },
    ],
    ...(isWhole ? [[{ text: '   ' }, { text: url, style: 'accent' as const }]] : []),
  ];
}

/** A command over as many lines as it needs, each but the last ending in a backslash, so that it can be copied. */
function commandLines(command: string, width: number): Line[] {
  const lines: string[] = [];
  for (const word of command.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(`${last} ${word}`) <= width - 5)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, index): Line => [
    { text: index === 0 ? ' $ ' : '   ', style: 'faint' },
    { text: line },
    { text: index < lines.length - 1 ? ' \\' : '', style: 'faint' },
  ]);
}

/** Hours, minutes and seconds of the day where the reader is. */
export function clock(wallMs: number): string {
  return new Date(wallMs).toTimeString().slice(0, 8);
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const part = (value: number): string => String(value).padStart(2, '0');
  return `${part(Math.floor(seconds / 3_600))}:${part(Math.floor(seconds / 60) % 60)}:${part(seconds % 60)}`;
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}
