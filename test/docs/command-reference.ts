import type { Cli } from '../../src/cli/cli.ts';
import { groups } from '../../src/cli/table/command-groups.ts';
import { commandTable } from '../../src/cli/table/command-table.ts';
import { main } from '../../src/cli/main.ts';
import { version } from '../../src/model/version.ts';

/** docs/commands.md as the program's own help texts make it. */
export async function commandReference(): Promise<string> {
  const parts = [
    '# Commands',
    '',
    'Made from the help texts of the program by `node test/write-docs.ts`; a test holds it current. Every command',
    'answers `--help`, and those that print data `--json`. Options may stand before or behind the words of a command.',
    'Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 error, 2 usage, 3 not',
    'found, 4 denied, 5 no server reached, 6 conflict, 7 done in part, 124 out of time, 130 interrupted.',
    '',
  ];
  let group = '';
  for (const { path, summary, hidden } of commandTable) {
    if (hidden === true) continue;
    const [first = ''] = path.split(' ');
    if (first !== group && groups[first] !== undefined) parts.push(`## ${first}: ${groups[first]}`, '');
    group = first;
    parts.push(`### ${path}`, '', `${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`, '');
    parts.push('```text', await helpOf(path), '```', '');
  }
  return parts.join('\n');
}

async function helpOf(path: string): Promise<string> {
  let printed = '';
  const output = { write: (text: string) => void (printed += text), isTerminal: false, columns: 100 };
  const cli: Cli = {
    stdout: output,
    stderr: output,
    environment: {},
    version,
    system: '',
    folder: '/',
    workingDirectory: '/',
    runtime: () => Promise.reject(new Error('a help text needs no runtime')),
    readInput: () => Promise.resolve(''),
    readLine: () => Promise.resolve(''),
    readSecret: () => Promise.resolve(''),
    stopSignal: () => new AbortController().signal,
    command: null,
    exitCode: 0,
  };
  const exitCode = await main([...path.split(' '), '--help'], cli);
  if (exitCode !== 0) throw new Error(`${path} --help ended with ${exitCode}: ${printed}`);
  return printed
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();
}
