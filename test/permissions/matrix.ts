import { linkMessageSchemas, protocolMax, type LinkMessageType } from '../../src/link/messages.ts';
import { whyForbidden } from '../../src/link/rules.ts';
import { identityKinds } from '../../src/model/identity.ts';
import { commandPermissions } from '../../src/model/command-permissions.ts';
import { routePermissions } from '../../src/model/permissions.ts';
import { eventually, TestServers } from '../../src/server/testing/test-servers.ts';
import type { RunningServer } from '../../src/server/start-server.ts';
import { everyCaller, type Tried } from './callers.ts';
import { tryMessage } from './try-link.ts';
import { tryRoute, type Verdict } from './try-routes.ts';

export const linkTypes = Object.keys(linkMessageSchemas).filter(isType);

function isType(type: string): type is LinkMessageType {
  return type in linkMessageSchemas;
}

const shown: Readonly<Record<Verdict, string>> = { yes: 'yes', 'who?': '401', no: '–', cut: 'cut' };

const about = `# Who may do what

Every message of the link and every route, tried by every kind of caller on a running server. Written by
\`node test/write-docs.ts\` from what happened; a test fails when anything else happens. Who joins or renews is
\`nobody\` here, and brings a proof in the request; a relay is no kind of its own.

`;

/** Tries everything as everybody, and writes down the outcome. */
export async function permissionMatrix(): Promise<string> {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  if (!server) throw new Error('no server');
  const callers = await everyCaller(servers);
  const { authority } = servers.pool;
  await eventually('the server knows them all', () => callers.every((caller) => isReady(server, caller)));
  const url = servers.urlOf(server);
  const parts = [
    about,
    '## HTTP\n\n`yes`: past every check of who asks. `401`: not known. `–`: known, and may not. A row that asks for a right over some nodes\nanswers with what the caller may see of it.\n\n',
    await table('route', Object.keys(routePermissions), callers, (route, caller) =>
      tryRoute(url, authority.certificatePem, route, caller),
    ),
    '\n## Link, to a server\n\n`cut`: the connection did not come about, or ended at the hello. An agent that says `batch` with messages of another node is\nrefused for what is in it; one that says `depotPlease` is given the files that its policies and actions name, and no others.\n\n',
    await table('message', linkTypes, callers.filter(isOnLink), (type, caller) =>
      tryMessage(servers, server, type, caller),
    ),
    '\n## Link, to an agent\n\n',
    agentTable(),
    '\n## Commands\n\nWhat a command asks the pool stands in its row, and it can ask nothing else; the server decides as above. Everything else is\nwhat the operating system lets its user do with files of this machine.\n\n',
    commandRows(),
  ];
  return parts.join('');
}

/** Definitions arrive by a watch, in order: whoever was defined last is known last. */
function isReady({ view }: RunningServer, { name, token }: Tried): boolean {
  return name !== 'session: operator' || view.access.session(token ?? '', false) !== null;
}

function isOnLink({ token }: Tried): boolean {
  return token === undefined;
}

async function table<Row extends string>(
  corner: string,
  rows: readonly Row[],
  callers: readonly Tried[],
  attempt: (row: Row, caller: Tried) => Promise<Verdict>,
): Promise<string> {
  const lines = [
    [corner, ...callers.map(({ name }) => name)],
    ['---', ...callers.map(() => '---')],
  ];
  for (const row of rows) {
    const cells: string[] = [];
    for (const caller of callers) cells.push(shown[await attempt(row, caller)]);
    lines.push([`\`${row}\``, ...cells]);
  }
  return text(lines);
}

function agentTable(): string {
  const lines = [
    ['message', ...identityKinds],
    ['---', ...identityKinds.map(() => '---')],
  ];
  for (const type of linkTypes)
    lines.push([
      `\`${type}\``,
      ...identityKinds.map((from) => (mayTellAgent(type, from) ? shown.yes : shown.no)),
    ]);
  return text(lines);
}

function mayTellAgent(type: LinkMessageType, from: (typeof identityKinds)[number]): boolean {
  return (['greeting', 'open'] as const).some(
    (phase) =>
      whyForbidden(type, { from, to: 'agent', by: 'acceptor', phase, protocol: protocolMax }) === null,
  );
}

function commandRows(): string {
  const lines = [
    ['command', 'asks', 'on this machine'],
    ['---', '---', '---'],
    ...Object.entries(commandPermissions).map(([path, { asks, local }]) => [
      `\`${path}\``,
      asks.map((route) => `\`${route}\``).join(', '),
      local === 'none' ? '' : local,
    ]),
  ];
  return text(lines);
}

function text(lines: readonly (readonly string[])[]): string {
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
