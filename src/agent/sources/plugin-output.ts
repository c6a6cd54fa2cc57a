import type { CommandResult } from '../../runtime/commands.ts';

export const checkStates = ['ok', 'warning', 'critical', 'unknown'] as const;
export type CheckState = (typeof checkStates)[number];

export interface CheckResult {
  readonly state: CheckState;
  /** The first line, without performance data. */
  readonly text: string;
  /** The lines after the first, without performance data; may be empty. */
  readonly details: string;
  /** Value with its unit, by label. */
  readonly performance: Readonly<Record<string, string>>;
}

/** What a plugin said, by the contract of monitoring plugins: the exit code alone decides about the state. */
export function readPlugin(result: CommandResult, timeoutMs: number): CheckResult {
  const { text, details, data } = splitOutput(result.stdout);
  const performance = readPerformance(data);
  if (result.timedOut)
    return { state: 'unknown', text: `no answer within ${timeoutMs} ms: ${text}`, details, performance };
  if (result.exitCode === null)
    return { state: 'unknown', text: `ended by a signal: ${text}`, details, performance };
  const state = checkStates[result.exitCode];
  if (state === undefined)
    return {
      state: 'unknown',
      text: `exit code ${result.exitCode}: ${text || result.stderr}`,
      details,
      performance,
    };
  return { state, text: text || `exit code ${result.exitCode} without a text`, details, performance };
}

/**
 * TEXT | DATA on the first line; lines of text follow up to the next |, after which all is data.
 */
function splitOutput(output: string): { text: string; details: string; data: string } {
  const [first = '', ...rest] = output.trim().split('\n');
  const [text, data] = cutAtBar(first);
  const [details, more] = cutAtBar(rest.join('\n'));
  return { text: text.trim(), details: details.trim(), data: `${data} ${more}` };
}

function cutAtBar(text: string): [string, string] {
  const bar = text.indexOf('|');
  return bar === -1 ? [text, ''] : [text.slice(0, bar), text.slice(bar + 1)];
}

/** Lenient, since plugins are: what is no pair is passed over, a comma may be the decimal point. */
function readPerformance(data: string): Record<string, string> {
  const performance: Record<string, string> = {};
  for (const match of data.matchAll(pair)) {
    const [, quoted, plain, number, unit = ''] = match;
    const label = (quoted?.replaceAll("''", "'") ?? plain ?? '').trim();
    if (label === '' || label === '__proto__' || number === undefined) continue;
    performance[label] = number === 'U' ? 'U' : number.replace(',', '.') + unit;
  }
  return performance;
}

const pair =
  /(?:^|\s)(?:'((?:[^'=]|''){1,256})'|([^\s'=|]{1,256}))=(U|[-+]?[0-9.,]{1,40}(?:[eE][-+]?[0-9]{1,4})?)([a-zA-Z%]{0,8})(?=[;\s]|$)/g;
