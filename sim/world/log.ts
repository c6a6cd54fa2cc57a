import type { Log, LogFields } from '../../src/runtime/log.ts';
import type { SimProcess } from './process.ts';

/** What the acting server says once it has reached a decision, before it stores it. */
const decisions: readonly string[] = ['node is silent', 'node is back'];

/** Log lines are part of the trace. */
export function processLog(process: SimProcess, bound: LogFields = {}): Log {
  const write =
    (level: string) =>
    (text: string, fields?: LogFields): void => {
      if (!process.alive) return;
      if (decisions.includes(text)) process.decides();
      const all = { ...bound, ...fields };
      const tail = Object.keys(all).length > 0 ? ` ${JSON.stringify(all)}` : '';
      process.machine.world.say(process, `${level} ${text}${tail}`);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (fields) => processLog(process, { ...bound, ...fields }),
  };
}
