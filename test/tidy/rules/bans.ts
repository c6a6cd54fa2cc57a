import { finding, isCode, isTest, type SourceFile } from '../repository.ts';
import type { Rule } from '../rule.ts';

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Looked for in the text with its strings, since a module's name is one. */
  readonly inStrings?: boolean;
  /** Paths that may, beside src/runtime/node. */
  readonly allowed?: RegExp;
}

const modules =
  'child_process|cluster|dgram|dns|dns/promises|fs|fs/promises|http|http2|https|net|os|perf_hooks|process|readline|repl|sqlite|timers|timers/promises|tls|tty|worker_threads';

const banned: readonly Ban[] = [
  { pattern: /\bDate\.now\b/g, instead: 'clock.wallMs()' },
  { pattern: /\bnew Date\(\s*\)/g, instead: 'clock.wallMs()' },
  { pattern: /(?<!new )\bDate\(\s*\)/g, instead: 'clock.wallMs()' },
  { pattern: /\b(?:setTimeout|setInterval|setImmediate)\b/g, instead: 'the timers port' },
  { pattern: /\bAbortSignal\.timeout\b/g, instead: 'the timers port' },
  { pattern: /\bMath\.random\b/g, instead: 'the random port' },
  {
    pattern: /\b(?:randomBytes|randomInt|randomUUID|randomFill\w*|getRandomValues)\b/g,
    instead: 'the random port',
  },
  { pattern: /(?<![.\w])performance\.\w/g, instead: 'clock.monotonicMs()' },
  { pattern: /\bprocess\.(?:hrtime|uptime)\b/g, instead: 'clock.monotonicMs()' },
  { pattern: /(?<![.\w#])fetch\(/g, instead: 'network.call' },
  { pattern: /\bnew (?:WebSocket|EventSource|Worker|BroadcastChannel)\b/g, instead: 'the network port' },
  { pattern: /(?<![.\w])console\.\w/g, instead: 'the log port' },
  {
    pattern: new RegExp(`(?<!\\btype\\s[^;'"]*)\\bfrom\\s*['"]node:(?:${modules})['"]`, 'g'),
    instead: 'a port of src/runtime',
    inStrings: true,
  },
  {
    pattern: new RegExp(`\\bimport\\(\\s*['"]node:(?:${modules})['"]`, 'g'),
    instead: 'a port',
    inStrings: true,
  },
  {
    pattern: /(?<![.\w])process\.(?!hrtime|uptime)\w+/g,
    instead: 'an argument; only src/cli knows the process',
    allowed: /^(?:src\/cli|sim)\//,
  },
];

/** Principle 6: the outside world comes in by one door, src/runtime/node. Tests and scripts stand outside. */
export const bans: Rule = {
  name: 'one door to the outside',
  check: (repository) =>
    repository.files.filter((file) => isBound(file.path)).flatMap((file) => findBans(file)),
};

/** The simulator's world implements the ports itself, its mutants are faults on purpose, the rest is a script. */
function isBound(name: string): boolean {
  if (name.startsWith('src/runtime/node/') || /^sim\/(?:world\/|mutants\/|running\/|run\.ts$)/.test(name))
    return false;
  return /^(?:src|sim)\//.test(name) && isCode(name) && !isTest(name);
}

function findBans(file: SourceFile): string[] {
  return banned.flatMap((ban) =>
    ban.allowed?.test(file.path) === true
      ? []
      : [...(ban.inStrings === true ? file.uncommented : file.code).matchAll(ban.pattern)].map((match) =>
          finding(file, match.index, `${match[0].trim()} is banned; use ${ban.instead}`),
        ),
  );
}
